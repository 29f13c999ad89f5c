"""The base of the API's schemas, with camelCase names and strict fields, and the field types."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.api.field_errors import attach_codes
from app.domain import field_errors
from app.domain.timestamps import to_rfc3339

INT4 = 2**31 - 1
INT8 = 2**63 - 1


class Schema(ma.Schema):
    """Fields have snake_case names in Python and camelCase names in JSON; unknown ones are
    rejected.
    """

    class Meta:
        unknown = ma.RAISE

    error_messages = {"type": field_errors.NO_OBJECT, "unknown": field_errors.UNKNOWN_FIELD}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.data_key = camel_case(field_obj.data_key or field_name)
        attach_codes(field_obj)

    @ma.pre_load
    def _reject_unstorable_text(self, data: Any, **_: Any) -> Any:
        if isinstance(data, Mapping):
            wrong = {key: [field_errors.NO_TEXT] for key in data if _has_unstorable_text(data[key])}
            if wrong:
                raise ma.ValidationError(wrong)
        return data


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _has_unstorable_text(value: Any) -> bool:
    """Whether a text in the value contains NUL or a lone surrogate: valid in JSON, but not in
    Postgres or UTF-8.
    """
    waiting = [value]  # not recursive: a body may be nested deeper than Python's limit
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and _UNSTORABLE.search(part):
            return True
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()]
    return False


class Timestamp(fields.AwareDateTime):
    """A point in time; one without a UTC offset is rejected."""

    default_error_messages = {
        "invalid": field_errors.NO_TIMESTAMP,
        "invalid_awareness": field_errors.NO_AWARE_TIMESTAMP,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(*args, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # in UTC it's outside the years 1 to 9999
            raise self.make_error("invalid", input=args[0], obj_type=self.OBJ_TYPE) from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else to_rfc3339(value)


class Integer(fields.Integer):
    """An integer that Postgres can store; in bodies a JSON number, not a string."""

    def __init__(self, *, minimum: int = 0, maximum: int = INT4, **kwargs: Any) -> None:
        bounds = validate.Range(minimum, maximum)
        super().__init__(validate=bounds, **{"strict": True, **kwargs})

    def _validated(self, value: Any) -> Any:
        # JSON has one number type, and JSON Schema accepts 1.0 as an integer.
        whole = isinstance(value, float) and value.is_integer()
        return super()._validated(int(value) if whole else value)


class Id(Integer):
    """A row's ID."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(minimum=1, maximum=INT8, **kwargs)


class Boolean(fields.Boolean):
    """A JSON true or false; `fields.Boolean` would also accept "yes", 1 and others."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Empty(Schema):
    """`{}`: an empty body."""
