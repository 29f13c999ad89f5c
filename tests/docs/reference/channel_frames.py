"""The frames of the control channel with their fields, from their types."""

from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec
from msgspec import inspect

from muster.protocol import frames
from tests.docs.reference.markdown import format_table, join_blocks
from tests.docs.reference.texts import format_intro


def render() -> str:
    """A table for each sender, one for the reports' bodies, one for the parts of all these."""
    from_server = _inspect(get_args(frames.FromServer))
    from_machine = _inspect(get_args(frames.FromMachine))
    bodies = _inspect(frames.ReportBody.__subclasses__())
    parts = {
        shape.cls: shape
        for frame in [*from_server, *from_machine, *bodies]
        for shape in _walk(frame)
    }
    for shape in [*from_server, *from_machine, *bodies]:
        parts.pop(shape.cls, None)
    return join_blocks(
        format_intro("frames"),
        _draw("server → machine", from_server),
        _draw("machine → server", from_machine),
        _draw("body of a report", bodies),
        _draw("part", parts.values()),
    )


def _inspect(kinds: Iterable[type[msgspec.Struct]]) -> list[inspect.StructType]:
    shapes = []
    for kind in kinds:
        members = get_args(kind) or (kind,)
        shapes += [
            shape
            for member in members
            if isinstance(shape := inspect.type_info(member), inspect.StructType)
        ]
    return shapes


def _draw(title: str, shapes: Iterable[inspect.StructType]) -> str:
    rows = sorted((_name(shape), _list_fields(shape)) for shape in shapes)
    return format_table((title, "fields"), [(f"`{name}`", fields) for name, fields in rows])


def _name(shape: inspect.StructType) -> str:
    return str(shape.tag) if shape.tag else shape.cls.__name__


def _list_fields(shape: inspect.StructType) -> str:
    return ", ".join(
        f"`{field.encode_name}{'' if field.required else '?'}{_describe(field.type)}`"
        for field in shape.fields
    )


def _describe(shape: inspect.Type) -> str:
    """What follows a field's name: nothing for a text, a number or a truth value."""
    match shape:
        case inspect.Metadata(type=kind):
            return _describe(kind)
        case inspect.UnionType(types=[inspect.StructType(cls=first), inspect.StructType(), *_]):
            return f": {first.__bases__[0].__name__}"
        case inspect.UnionType(types=kinds):
            return "".join(_describe(kind) for kind in kinds)
        case inspect.ListType(item_type=kind):
            return f"[{_describe(kind).removeprefix(': ')}]"
        case inspect.DictType():
            return "{}"
        case inspect.LiteralType(values=values):
            return f": {'|'.join(str(value) for value in values if value)}"
        case inspect.StructType():
            return f": {_name(shape)}"
    return ""


def _walk(shape: inspect.Type) -> Iterator[inspect.StructType]:
    match shape:
        case inspect.Metadata(type=kind):
            yield from _walk(kind)
        case inspect.UnionType(types=kinds):
            for kind in kinds:
                yield from _walk(kind)
        case inspect.ListType(item_type=kind):
            yield from _walk(kind)
        case inspect.StructType(fields=fields):
            yield shape
            for field in fields:
                yield from _walk(field.type)
