"""Logins."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.domain.login import MAX_CLIENT_NAME

# None of our secrets is longer; hashing a longer text is a waste.
_SECRET = validate.Length(1, 1024)


class LoginSchema(Schema):
    username = fields.String(required=True, validate=validate.Length(1, 200))
    password = fields.String(required=True, validate=_SECRET)
    totp_code = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=64),
        metadata={"description": "two-factor code, or a recovery code"},
    )
    client_name = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=MAX_CLIENT_NAME),
        metadata={
            "description": "name of the client in your sessions; by default from its User-Agent"
        },
    )


class RefreshTokenSchema(Schema):
    refresh_token = fields.String(required=True, validate=_SECRET)


class BrowserLoginSchema(Schema):
    access_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: a two-factor code is required too"},
    )


class BrowserRefreshSchema(Schema):
    access_token = fields.String(
        required=True, allow_none=True, metadata={"description": "null: nobody is signed in"}
    )


class NewTokensSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null if it's only in the browser's cookie"},
    )


class TokenPairSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
