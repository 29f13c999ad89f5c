"""Your own logins, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Schema, Timestamp
from app.api.schemas.profile import PASSWORD
from app.domain import redirects
from app.domain.login import LoginVia


class Reauthentication(Schema):
    password = fields.String(allow_none=True, load_default=None, validate=PASSWORD)
    totp_code = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 64),
        metadata={"description": "two-factor code, or a recovery code"},
    )
    provider = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 40),
        metadata={"description": "provider name: sign in there again"},
    )
    next = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, redirects.MAX_LENGTH),
        metadata={"description": "path on this server to return to; default: /"},
    )


class ReauthenticationResult(Schema):
    reauthenticated_until = Timestamp(required=True, allow_none=True)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "URL to open, if a provider confirms"},
    )


class SessionSchema(Schema):
    id = fields.UUID(required=True, attribute="login.id")
    via = fields.Enum(LoginVia, by_value=True, required=True, attribute="login.via")
    provider = fields.String(required=True, allow_none=True, attribute="login.provider")
    device = fields.String(
        required=True,
        attribute="login.client",
        metadata={"description": "the client's own name; empty if none"},
    )
    address = fields.String(
        required=True,
        allow_none=True,
        attribute="login.address",
        metadata={"description": "last address"},
    )
    created_at = Timestamp(required=True, attribute="login.created_at")
    last_seen_at = Timestamp(
        required=True,
        attribute="login.last_seen_at",
        metadata={"description": "accurate to one minute"},
    )
    current = fields.Boolean(
        required=True, metadata={"description": "whether it's the current one"}
    )


class EndSessionsQuery(Schema):
    others = fields.Boolean(load_default=False, metadata={"description": "all but the current one"})
