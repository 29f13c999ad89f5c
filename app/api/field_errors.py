"""Field errors of a request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import fields

from app.domain import field_errors
from app.domain.field_errors import FieldError

FieldErrors = Mapping[str, Sequence[FieldError]]
"""Errors by field; `pipeline.0.name` is nested."""

# The attributes in which marshmallow's rules store their texts.
_RULE_MESSAGE_ATTRIBUTES = ("error", "message_min", "message_max", "message_all", "message_equal")


def flatten_errors(messages: Mapping[str, Any]) -> dict[str, list[FieldError]]:
    """Flatten webargs' messages, {location: nested fields}, to {"pipeline.0.name": errors}."""
    table: dict[str, list[FieldError]] = {}
    for found in messages.values():
        for path, fault in _leaves(found, ()):
            table.setdefault(".".join(path) or "body", []).append(fault)
    return table


def error_codes(errors: FieldErrors) -> dict[str, list[dict[str, Any]]]:
    """Return the same errors with codes, for clients."""
    return {
        field: [{"code": fault.code, "params": dict(fault.params)} for fault in found]
        for field, found in errors.items()
    }


def attach_codes(field: fields.Field[Any]) -> None:
    """Replace plain texts in the field, its rules and its nested fields by field errors with
    codes.
    """
    field.error_messages = {key: _field_error(words) for key, words in field.error_messages.items()}
    for rule in field.validators:
        for name in _RULE_MESSAGE_ATTRIBUTES:
            if isinstance(words := getattr(rule, name, None), str):
                setattr(rule, name, _field_error(words))
    for name in ("inner", "key_field", "value_field"):
        if (inside := getattr(field, name, None)) is not None:
            attach_codes(inside)


def _field_error(words: Any) -> Any:
    return field_errors.BY_TEMPLATE.get(words, words) if isinstance(words, str) else words


def _leaves(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldError]]:
    if isinstance(node, Mapping):
        for key, below in node.items():
            yield from _leaves(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(node, list):
        for message in node:
            yield from _leaves(message, path)
    else:
        # Tests ensure that there are no others: clients need a code.
        yield path, node if isinstance(node, FieldError) else _uncoded_error(str(node))


def _uncoded_error(words: str) -> FieldError:
    return FieldError(field_errors.INVALID.code, words.replace("{", "{{").replace("}", "}}"))
