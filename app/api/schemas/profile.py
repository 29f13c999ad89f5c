"""Your own account, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Schema, Timestamp
from app.api.schemas.developers import GIT_EMAIL, GIT_NAME, NEW_PASSWORD
from app.domain.roles import SystemRole

# No password is longer; hashing a longer text is a waste.
PASSWORD = validate.Length(1, 1024)


class ProfileSchema(Schema):
    id = Id(required=True, attribute="developer.id")
    name = fields.String(required=True, attribute="developer.name")
    role = fields.Enum(SystemRole, by_value=True, required=True, attribute="developer.role")
    git_name = fields.String(required=True, attribute="developer.git_name")
    git_email = fields.String(required=True, attribute="developer.git_email")
    totp_enabled = fields.Boolean(required=True)
    must_change_password = fields.Boolean(
        required=True,
        attribute="developer.must_change_password",
        metadata={
            "description": "your password was generated or chosen by someone else; "
            "no route refuses because of it"
        },
    )
    reauthenticated_until = Timestamp(
        required=True,
        allow_none=True,
        metadata={
            "description": "null: actions that require reauthentication would be rejected now"
        },
    )
    platform_uid = fields.String(required=True, allow_none=True, attribute="developer.platform_uid")
    created_at = Timestamp(required=True, attribute="developer.created_at")


class ProfileChanges(Schema):
    git_name = fields.String(validate=GIT_NAME)
    git_email = fields.String(validate=GIT_EMAIL)


class ChatTokenSchema(Schema):
    token = fields.String(required=True)
    expires_at = Timestamp(required=True)


class PasswordChange(Schema):
    current_password = fields.String(required=True, validate=PASSWORD)
    new_password = fields.String(
        required=True, validate=NEW_PASSWORD, metadata={"format": "password"}
    )
