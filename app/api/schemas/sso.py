"""Single sign-on, as JSON."""

import re
from collections.abc import Callable
from typing import Any

from marshmallow import fields, validate

from app.api.schemas.base import Boolean, Id, Schema, Timestamp
from app.api.schemas.texts import check_single_line
from app.domain import field_errors, redirects, sso
from app.domain.login import MAX_CLIENT_NAME
from app.domain.roles import ProjectRole, SystemRole

MAX_RULES = 200
_LINE: list[Callable[[str], Any]] = [validate.Length(1, 200), check_single_line]
_NAME = validate.Regexp(re.compile(r"[a-z][a-z0-9-]{0,39}\Z"), error=field_errors.NO_PROVIDER_NAME)
_ISSUER: list[Callable[[str], Any]] = [validate.Length(1, 500), check_single_line]
_SUBJECT: list[Callable[[str], Any]] = [validate.Length(1, sso.MAX_SUBJECT), check_single_line]
_GROUP = validate.Length(1, 255)
_RULES = validate.Length(max=MAX_RULES)


class ProviderSchema(Schema):
    name = fields.String(required=True)
    label = fields.String(required=True)
    start_url = fields.String(required=True, metadata={"description": "a path on this server"})


class ProvidersSchema(Schema):
    items = fields.List(fields.Nested(ProviderSchema), required=True)
    password_login = fields.String(required=True, validate=validate.OneOf(["on", "off"]))


class SignInStartQuery(Schema):
    next = fields.String(
        load_default=None,
        validate=validate.Length(1, redirects.MAX_LENGTH),
        metadata={"description": "path on this server to go to; default: /"},
    )
    redirect_uri = fields.String(
        load_default=None,
        validate=validate.Length(1, redirects.MAX_LENGTH),
        metadata={
            "description": "instead: the address where a program listens, http://127.0.0.1:PORT/…"
        },
    )
    code_challenge = fields.String(
        load_default=None,
        validate=validate.Length(43, 43),
        metadata={"description": "S256 challenge of the program's verifier (RFC 7636)"},
    )
    client_name = fields.String(load_default=None, validate=validate.Length(max=MAX_CLIENT_NAME))


class SignInCallbackQuery(Schema):
    state = fields.String(validate=validate.Length(max=200))
    code = fields.String(validate=validate.Length(max=8000))
    error = fields.String(validate=validate.Length(max=200))
    iss = fields.String(validate=validate.Length(max=500))


class CodeExchange(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 200))
    code_verifier = fields.String(required=True, validate=validate.Length(43, 128))


class ProviderLogoutSchema(Schema):
    logout_url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "URL to end the provider's own session, if it has one"},
    )


class GroupRole(Schema):
    group = fields.String(required=True, validate=_GROUP)
    role = fields.String(required=True, validate=validate.OneOf([*map(str, SystemRole)]))


class GroupMembership(Schema):
    group = fields.String(required=True, validate=_GROUP)
    project_key = fields.String(required=True, validate=validate.Length(1, 64))
    role = fields.String(required=True, validate=validate.OneOf([*map(str, ProjectRole)]))


class ProviderChanges(Schema):
    label = fields.String(validate=_LINE)
    client_id = fields.String(validate=_LINE)
    client_secret = fields.String(allow_none=True, validate=validate.Length(1, 1000))
    scopes = fields.String(validate=_LINE)
    enabled = Boolean()
    create_accounts = Boolean(metadata={"description": "create accounts for new users"})
    match_email = Boolean(metadata={"description": "match accounts by verified email"})
    email_domains = fields.List(
        fields.String(validate=_LINE),
        validate=_RULES,
        metadata={"description": "allowed domains of verified emails; others are rejected"},
    )
    groups_claim = fields.String(validate=_LINE)
    allowed_groups = fields.List(
        fields.String(validate=_GROUP),
        validate=_RULES,
        metadata={"description": "allowed groups; others are rejected"},
    )
    roles = fields.List(fields.Nested(GroupRole), validate=_RULES)
    memberships = fields.List(fields.Nested(GroupMembership), validate=_RULES)


class NewProvider(ProviderChanges):
    name = fields.String(required=True, validate=_NAME)
    label = fields.String(required=True, validate=_LINE)
    issuer = fields.String(required=True, validate=_ISSUER)
    client_id = fields.String(required=True, validate=_LINE)
    client_secret = fields.String(
        allow_none=True, load_default=None, validate=validate.Length(1, 1000)
    )
    enabled = Boolean(load_default=True)
    create_accounts = Boolean(load_default=False)
    match_email = Boolean(load_default=True)
    groups_claim = fields.String(load_default="groups", validate=_LINE)


class IdentityProviderSchema(Schema):
    id = Id(required=True)
    name = fields.String(required=True)
    label = fields.String(required=True)
    issuer = fields.String(required=True)
    client_id = fields.String(required=True)
    has_client_secret = fields.Function(
        lambda provider: provider.client_secret is not None,
        required=True,
        metadata={"type": "boolean"},
    )
    scopes = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    create_accounts = fields.Boolean(required=True)
    match_email = fields.Boolean(required=True)
    email_domains = fields.List(fields.String(), required=True)
    groups_claim = fields.String(required=True)
    allowed_groups = fields.List(fields.String(), required=True)
    roles = fields.List(fields.Nested(GroupRole), required=True)
    memberships = fields.List(fields.Nested(GroupMembership), required=True)
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class NewIdentity(Schema):
    provider = fields.String(required=True, validate=_NAME)
    subject = fields.String(required=True, validate=_SUBJECT)


class IdentitySchema(Schema):
    id = Id(required=True, attribute="identity.id")
    provider = fields.String(required=True)
    subject = fields.String(required=True, attribute="identity.subject")
    email = fields.String(required=True, allow_none=True, attribute="identity.email")
    linked_at = Timestamp(required=True, attribute="identity.linked_at")
    last_used_at = Timestamp(required=True, allow_none=True, attribute="identity.last_used_at")
