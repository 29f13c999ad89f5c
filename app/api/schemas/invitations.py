"""Invitations, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Schema, Timestamp
from app.api.schemas.developers import GIT_EMAIL, NEW_PASSWORD
from app.api.schemas.texts import check_single_line
from app.domain.invitation import InvitationState
from app.domain.roles import ProjectRole, SystemRole

MAX_PROJECTS = 100
_SECRET = validate.Length(1, 1024)


class _InvitationEmail(fields.String):
    """The invited person's address, in lower case."""

    def __init__(self) -> None:
        metadata = {
            "description": "address that a provider must have verified for the person who accepts"
        }
        super().__init__(allow_none=True, load_default=None, validate=GIT_EMAIL, metadata=metadata)

    def _deserialize(self, value: object, *args: object, **kwargs: object) -> str:
        return str(super()._deserialize(value, *args, **kwargs)).lower()


class InvitedProjectSchema(Schema):
    key = fields.String(required=True, validate=validate.Length(1, 100))
    role = fields.Enum(ProjectRole, by_value=True, load_default=ProjectRole.MEMBER)


class NewInvitation(Schema):
    email = _InvitationEmail()
    role = fields.Enum(SystemRole, by_value=True, load_default=SystemRole.DEVELOPER)
    projects = fields.List(
        fields.Nested(InvitedProjectSchema),
        load_default=list,
        validate=validate.Length(max=MAX_PROJECTS),
    )
    note = fields.String(load_default="", validate=[validate.Length(max=200), check_single_line])


class InvitationOfferSchema(Schema):
    """What an invitation offers."""

    email = fields.String(required=True, allow_none=True, attribute="invitation.email")
    role = fields.Enum(SystemRole, by_value=True, required=True, attribute="invitation.role")
    projects = fields.List(fields.Nested(InvitedProjectSchema), required=True)
    invited_by = fields.String(required=True)
    expires_at = Timestamp(required=True, attribute="invitation.expires_at")


class InvitationSchema(InvitationOfferSchema):
    id = Id(required=True, attribute="invitation.id")
    note = fields.String(required=True, attribute="invitation.note")
    state = fields.Enum(InvitationState, by_value=True, required=True)
    created_at = Timestamp(required=True, attribute="invitation.created_at")
    accepted_at = Timestamp(required=True, allow_none=True, attribute="invitation.accepted_at")
    developer_id = Id(required=True, allow_none=True, attribute="invitation.developer_id")
    developer_name = fields.String(required=True, allow_none=True)


class CreatedInvitationSchema(InvitationSchema):
    link = fields.String(
        required=True, metadata={"description": "link to send to the person; shown once"}
    )


class InvitationSecret(Schema):
    token = fields.String(
        required=True,
        validate=_SECRET,
        metadata={"description": "secret after the `#` of the link"},
    )


class InvitationAnswer(InvitationSecret):
    name = fields.String(validate=[validate.Length(1, 100), check_single_line])
    password = fields.String(validate=NEW_PASSWORD)
    provider = fields.String(
        validate=validate.Length(1, 100),
        metadata={"description": "provider to sign in at, instead of `name` and `password`"},
    )


class AcceptedInvitationSchema(Schema):
    name = fields.String(
        required=True, allow_none=True, metadata={"description": "name of the new account"}
    )
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "URL of the provider, which creates the account"},
    )
