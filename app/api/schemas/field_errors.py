"""Field errors with codes, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.domain.field_errors import CODES


class FieldErrorSchema(Schema):
    """A field error; the message in the same place says the same to people."""

    code = fields.String(
        required=True,
        validate=validate.OneOf(CODES),
        metadata={"description": "stable code for clients; new ones may be added"},
    )
    params = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        required=True,
        metadata={"description": "the values in the text, by name"},
    )
