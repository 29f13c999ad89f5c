"""Network access of stages, as JSON."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.api.schemas.base import Schema
from app.domain import field_errors, network
from app.domain.field_errors import InvalidValue

KEYWORDS = (network.OPEN, network.NONE)


def check_host_entry(text: str) -> None:
    """Raise ValidationError if the text isn't a valid host list entry."""
    try:
        network.canonicalize(text)
    except InvalidValue as error:
        raise ValidationError(error.error) from None


class HostEntry(fields.String):
    """A host that stages may reach."""

    def __init__(self, **kwargs: Any) -> None:
        longest = validate.Length(1, network.MAX_HOST_LENGTH)
        super().__init__(validate=[longest, check_host_entry], **kwargs)


class AllowedHosts(Schema):
    """Only these hosts are allowed."""

    allow = fields.List(HostEntry(), required=True, validate=validate.Length(1, network.MAX_HOSTS))


class Network(fields.Nested):
    """`open`, `none`, or the allowed hosts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(AllowedHosts, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            if value not in KEYWORDS:
                raise ValidationError(field_errors.NO_NETWORK)
            return value
        return super()._deserialize(value, *args, **kwargs)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if isinstance(value, str):
            return value
        return super()._serialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]


class NewHost(Schema):
    host = HostEntry(required=True)
