"""Two-factor authentication, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.api.schemas.profile import PASSWORD


class TotpSetup(Schema):
    secret = fields.String(required=True)
    uri = fields.String(required=True, metadata={"description": "otpauth://…"})
    qr_code = fields.String(required=True, metadata={"description": "an SVG data URI of `uri`"})


class TotpCode(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 64))


class TotpVerified(Schema):
    enabled = fields.Boolean(required=True)
    recovery_codes = fields.List(
        fields.String(), required=True, metadata={"description": "shown once; each works once"}
    )


class PasswordConfirmation(Schema):
    password = fields.String(required=True, validate=PASSWORD)
