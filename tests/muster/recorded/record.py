"""Writes `messages.jsonl`: one message of each kind that is sent or stored, with every field set.

    python -m tests.muster.recorded.record

It ran on the tree before the language release. Names in the code have changed since, these bytes
have not. Run it again only for a kind of message that is new: see `test_recorded.py`.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from tests.muster.recorded.kinds import KINDS, SHIM

FILE = Path(__file__).with_name("messages.jsonl")

# The first that a field's pattern allows is its text.
TEXTS = ("text", "4f" * 20, "4f" * 32, "muster_client-1.2-py3-none-any.whl")


def samples(kind: Any) -> Iterator[Any]:
    """One value of each type in a union, with every field set."""
    info = inspect.type_info(kind)
    for each in info.types if isinstance(info, inspect.UnionType) else (info,):
        yield _sample(each, 0)


def _sample(info: inspect.Type, depth: int) -> Any:
    match info:
        case inspect.Metadata(type=inner):
            return _sample(inner, depth)
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: _unusual(field, depth + 1) for field in fields})
        case inspect.UnionType(types=types):
            return _sample(next(t for t in types if not isinstance(t, inspect.NoneType)), depth)
        case inspect.StrType(pattern=pattern):
            return next(text for text in TEXTS if not pattern or re.search(pattern, text))
        case inspect.BytesType():
            return b"bytes"
        case inspect.BoolType():
            return True
        case inspect.IntType(ge=least):
            return max(7, least or 0)
        case inspect.FloatType():
            return 0.5
        case inspect.LiteralType(values=values):
            return values[-1]
        case inspect.EnumType(cls=cls):
            return list(cls)[-1]
        case inspect.ListType(item_type=item) | inspect.CollectionType(item_type=item):
            return [_sample(item, depth)] if depth < 9 else []
        case inspect.VarTupleType(item_type=item):
            return (_sample(item, depth),)
        case inspect.TupleType(item_types=items):
            return tuple(_sample(item, depth) for item in items)
        case inspect.DictType(key_type=key, value_type=value):
            return {_sample(key, depth): _sample(value, depth)}
        case inspect.DateTimeType():
            return datetime(2030, 1, 31, 12, tzinfo=UTC)
    return "any"


def _unusual(field: inspect.Field, depth: int) -> Any:
    """Not the default, which is left out of what is sent."""
    value = _sample(field.type, depth)
    if value != field.default:
        return value
    if isinstance(value, bool):
        return not value
    assert isinstance(field.type, inspect.LiteralType), field
    return field.type.values[0]


def main() -> None:
    lines = [
        json.dumps({"kind": name, "text": msgspec.json.encode(value).decode()})
        for name, kind in KINDS.items()
        for value in samples(kind)
    ]
    lines += [
        json.dumps({"kind": name, "text": json.dumps(write(sample))})
        for name, (write, _, sample) in SHIM.items()
    ]
    FILE.write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
