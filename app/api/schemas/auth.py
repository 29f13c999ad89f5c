"""Logins."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema
from app.domain.login import MAX_CLIENT_NAME

# No secret of ours is longer; a longer text is not worth computing a hash.
_SECRET = validate.Length(1, 1024)


class LoginSchema(Schema):
    username = fields.String(required=True, validate=validate.Length(1, 200))
    password = fields.String(required=True, validate=_SECRET)
    totp_code = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=64),
        metadata={"description": "of the second factor, or a recovery code"},
    )
    client_name = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=MAX_CLIENT_NAME),
        metadata={"description": "what your sessions call it; by default what its User-Agent says"},
    )


class RefreshTokenSchema(Schema):
    refresh_token = fields.String(required=True, validate=_SECRET)


class BrowserLoginSchema(Schema):
    access_token = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: a code of the second factor is needed too"},
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
        metadata={"description": "null where the browser keeps it in its cookie"},
    )


class TokenPairSchema(Schema):
    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
