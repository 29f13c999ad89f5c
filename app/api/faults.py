"""What is wrong with a request, field by field."""

from collections.abc import Iterator, Mapping
from typing import Any


def by_field(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """webargs' messages, {location: nested fields}, as a flat {"pipeline.0.name": messages}."""
    table: dict[str, list[str]] = {}
    for fields in messages.values():
        for path, message in _leaves(fields, ()):
            table.setdefault(".".join(path) or "body", []).append(message)
    return table


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, Mapping):
        for key, below in node.items():
            yield from _leaves(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(node, list):
        for message in node:
            yield from _leaves(message, path)
    else:
        yield path, str(node)
