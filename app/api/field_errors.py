"""What is wrong with a request, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import fields

from app.domain import field_errors
from app.domain.field_errors import Fault

ByField = Mapping[str, Sequence[Fault]]
"""The faults of each field; `pipeline.0.name` is inside another."""

# Where marshmallow's rules keep their words.
_RULES_WORDS = ("error", "message_min", "message_max", "message_all", "message_equal")


def by_field(messages: Mapping[str, Any]) -> dict[str, list[Fault]]:
    """webargs' messages, {location: nested fields}, as a flat {"pipeline.0.name": faults}."""
    table: dict[str, list[Fault]] = {}
    for found in messages.values():
        for path, fault in _leaves(found, ()):
            table.setdefault(".".join(path) or "body", []).append(fault)
    return table


def codes(errors: ByField) -> dict[str, list[dict[str, Any]]]:
    """The same as clients switch on it."""
    return {
        field: [{"code": fault.code, "params": dict(fault.params)} for fault in found]
        for field, found in errors.items()
    }


def give_codes(field: fields.Field[Any]) -> None:
    """Have the field, its rules and the fields in it say faults where they have mere words."""
    field.error_messages = {key: _fault(words) for key, words in field.error_messages.items()}
    for rule in field.validators:
        for name in _RULES_WORDS:
            if isinstance(words := getattr(rule, name, None), str):
                setattr(rule, name, _fault(words))
    for name in ("inner", "key_field", "value_field"):
        if (inside := getattr(field, name, None)) is not None:
            give_codes(inside)


def _fault(words: Any) -> Any:
    return field_errors.BY_WORDS.get(words, words) if isinstance(words, str) else words


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Fault]]:
    if isinstance(node, Mapping):
        for key, below in node.items():
            yield from _leaves(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(node, list):
        for message in node:
            yield from _leaves(message, path)
    else:
        # Tests see to it that there are no others; to a client one without a code is worse.
        yield path, node if isinstance(node, Fault) else _uncoded(str(node))


def _uncoded(words: str) -> Fault:
    return Fault(field_errors.INVALID.code, words.replace("{", "{{").replace("}", "}}"))
