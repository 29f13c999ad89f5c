"""The public keys for evidence, as JSON."""

import base64

from marshmallow import fields

from app.api.schemas.base import Schema, Timestamp
from app.models import EvidenceKey
from muster.protocol.evidence import ALGORITHM


class EvidenceKeySchema(Schema):
    id = fields.String(required=True)
    algorithm = fields.Function(
        lambda _: ALGORITHM, required=True, metadata={"type": "string", "enum": [ALGORITHM]}
    )
    public_key = fields.Function(
        lambda key: _in_base64(key),
        required=True,
        metadata={"type": "string", "description": "32 bytes, in Base64"},
    )
    created_at = Timestamp(required=True)
    retired_at = Timestamp(required=True, allow_none=True)


class EvidenceKeysSchema(Schema):
    keys = fields.List(fields.Nested(EvidenceKeySchema), required=True)


def _in_base64(key: EvidenceKey) -> str:
    return base64.b64encode(key.public_key).decode()
