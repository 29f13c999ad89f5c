"""Headers of requests that a client may repeat."""

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
            "description": "of your making: the same request under the same key within 24 h (or "
            "what `idempotencyHours` says) takes effect once, and is answered as the first time"
        },
    )


IDEMPOTENCY_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` where this was the answer before",
        "schema": {"type": "string"},
    }
}
