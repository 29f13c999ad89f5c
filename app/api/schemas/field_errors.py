"""What is wrong with a field, as JSON that clients switch on."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.domain.field_errors import CODES


class FieldErrorSchema(Schema):
    """What is wrong with a field: the message at its place says the same to people."""

    code = fields.String(
        required=True,
        validate=validate.OneOf(CODES),
        metadata={"description": "stable, to switch on; more may be added"},
    )
    params = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(),
        required=True,
        metadata={"description": "the values that the words have in them, by name"},
    )
