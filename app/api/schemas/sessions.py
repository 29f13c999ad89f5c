"""One's own logins, as JSON."""

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
        metadata={"description": "of the second factor, or a recovery code"},
    )
    provider = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 40),
        metadata={"description": "its name: sign in there again"},
    )
    next = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, redirects.MAX_LENGTH),
        metadata={"description": "the path of this server to come back to, by default /"},
    )


class ReauthenticationResult(Schema):
    reauthenticated_until = Timestamp(required=True, allow_none=True)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "where to go, if it is a provider that is to confirm"},
    )


class SessionSchema(Schema):
    id = fields.UUID(required=True, attribute="login.id")
    via = fields.Enum(LoginVia, by_value=True, required=True, attribute="login.via")
    provider = fields.String(required=True, allow_none=True, attribute="login.provider")
    device = fields.String(
        required=True,
        attribute="login.client",
        metadata={"description": "what it says of itself; empty if nothing"},
    )
    address = fields.String(
        required=True,
        allow_none=True,
        attribute="login.address",
        metadata={"description": "where it was last seen from"},
    )
    created_at = Timestamp(required=True, attribute="login.created_at")
    last_seen_at = Timestamp(
        required=True,
        attribute="login.last_seen_at",
        metadata={"description": "right to the minute"},
    )
    current = fields.Boolean(
        required=True, metadata={"description": "whether it is the one that asks"}
    )


class EndSessionsQuery(Schema):
    others = fields.Boolean(
        load_default=False, metadata={"description": "all but the one that asks"}
    )
