"""Personal access tokens, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Schema, Timestamp
from app.api.schemas.texts import check_single_line
from app.domain.token_scope import TokenScope

MAX_PROJECTS = 100


class NewPersonalToken(Schema):
    label = fields.String(required=True, validate=[validate.Length(1, 200), check_single_line])
    expires_at = Timestamp(load_default=None, allow_none=True)
    scopes = fields.List(
        fields.Enum(TokenScope, by_value=True),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, len(TokenScope)),
        metadata={"description": "scopes; null: all your permissions"},
    )
    project_keys = fields.List(
        fields.String(validate=validate.Length(1, 64)),
        data_key="projects",
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MAX_PROJECTS),
        metadata={"description": "project keys; null: all that you can see"},
    )


class PersonalTokenSchema(Schema):
    id = Id(required=True, attribute="token.id")
    label = fields.String(required=True, attribute="token.label")
    prefix = fields.String(required=True, attribute="token.prefix")
    scopes = fields.List(fields.Enum(TokenScope, by_value=True), required=True)
    projects = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "project keys; null: all that you can see"},
    )
    created_at = Timestamp(required=True, attribute="token.created_at")
    last_used_at = Timestamp(
        required=True,
        allow_none=True,
        attribute="token.last_used_at",
        metadata={"description": "accurate to one minute"},
    )
    expires_at = Timestamp(required=True, allow_none=True, attribute="token.expires_at")
    revoked_at = Timestamp(required=True, allow_none=True, attribute="token.revoked_at")


class CreatedPersonalToken(PersonalTokenSchema):
    token = fields.String(required=True, attribute="secret", metadata={"description": "shown once"})
