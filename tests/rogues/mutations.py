"""Lies, made out of the frames' own types: each field of each frame, out of bounds and of other
types, and all the rest as it should be.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from muster.protocol import frames

Json = Any
COMMIT = "c0ffee" + "0" * 34
_TEXTS = ["", "\0", "../../etc/passwd", "refs/heads/main", "<script>alert(1)</script>", "‮\x1b[2J"]
_NUMBERS = [-1, 1 << 31, 1 << 62, -(1 << 62), 10**30, 1.5, "7", True, None]
_OTHER = [None, 7, "x", True, [], {}, [[[[]]]], {"kind": "melted"}]


class Mutation(NamedTuple):
    """`field` is which one lies, `frame` the whole."""

    field: str
    frame: dict[str, Json]


def mutations_of(kind: type[msgspec.Struct], **known: Json) -> Iterator[Mutation]:
    """All lies of a frame, or a report's body, of that type; `known` are fields that stay true."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    truth = {**valid_fields(shape), **known}
    for field in shape.fields:
        if field.encode_name in known:
            continue
        for value in _mutated_values(field.type):
            yield Mutation(
                f"{kind.__name__}.{field.encode_name}", {**truth, field.encode_name: value}
            )
        missing = {name: value for name, value in truth.items() if name != field.encode_name}
        yield Mutation(f"{kind.__name__}.{field.encode_name} is missing", missing)


def valid_fields(shape: inspect.Type) -> Json:
    """A value of that type, as small as may be, but with all fields."""
    match shape:
        case inspect.Metadata(type=kind):
            return valid_fields(kind)
        case inspect.StructType(fields=fields, tag=tag, tag_field=name):
            return {
                **({name: tag} if name else {}),
                **{field.encode_name: valid_fields(field.type) for field in fields},
            }
        case inspect.UnionType(types=kinds):
            return valid_fields(kinds[0])
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.StrType(pattern=pattern):
            return COMMIT if pattern else "x"
        case inspect.ListType(item_type=kind):
            return [valid_fields(kind)]
        case inspect.BytesType():
            return "AA=="
        case inspect.DictType():
            return {"a": 1}
        case inspect.BoolType():
            return False
        case inspect.NoneType():
            return None
    return 0


def _mutated_values(shape: inspect.Type) -> Iterator[Json]:
    match shape:
        case inspect.Metadata(type=kind):
            yield from _mutated_values(kind)
        case inspect.UnionType(types=kinds):
            for kind in kinds:
                yield from _mutated_values(kind)
        case inspect.StructType(fields=fields):
            truth = valid_fields(shape)
            yield from _OTHER
            for field in fields:
                yield from (
                    {**truth, field.encode_name: lie} for lie in _mutated_values(field.type)
                )
        case inspect.StrType(max_length=most):
            yield from [*_TEXTS, *_OTHER, "x" * ((most or 40) + 1), "é" * 150_000]
        case inspect.BytesType(max_length=most):
            yield from [*_OTHER, "=", "A" * ((most or 40) // 3 * 4 + 8)]
        case inspect.IntType() | inspect.FloatType():
            yield from [*_NUMBERS, *_OTHER]
        case inspect.ListType(item_type=kind, max_length=most):
            yield from [*_OTHER, [valid_fields(kind)] * min((most or 10) * 2, 4_000)]
            yield from ([lie] for lie in _mutated_values(kind))
        case inspect.DictType(max_length=most):
            yield from [*_OTHER, dict.fromkeys(map(str, range((most or 10) + 1)))]
            yield {"x": "y" * 300_000}
        case _:
            yield from _OTHER


BODIES = frames.ReportBody.__subclasses__()
FRAMES = [
    frames.Hello,
    frames.Heartbeat,
    frames.Report,
    frames.TerminalClosed,
    frames.RepositoryChecked,
]
