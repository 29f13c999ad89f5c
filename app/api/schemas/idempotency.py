"""Idempotency headers."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.domain import field_errors


class IdempotencyHeaders(Schema):
    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        load_default=None,
        validate=[
            validate.Length(1, 255),
            validate.Regexp(r"[ -~]*\Z", error=field_errors.NOT_PLAIN_TEXT),
        ],
        metadata={
            "description": "client-chosen key. Repeating the request within 24 h "
            "(`idempotencyHours`) returns the first response"
        },
    )


IDEMPOTENCY_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` for a repeated response",
        "schema": {"type": "string"},
    }
}
