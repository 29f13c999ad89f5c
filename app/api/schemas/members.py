"""Members of projects, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Id, Schema
from app.domain.roles import Permission, ProjectRole, SystemRole


class MemberSchema(Schema):
    developer_id = Id(required=True, attribute="developer.id")
    name = fields.String(required=True, attribute="developer.name")
    git_email = fields.String(required=True, attribute="developer.git_email")
    role = fields.Enum(ProjectRole, by_value=True, required=True)
    system_role = fields.Enum(SystemRole, by_value=True, required=True, attribute="developer.role")
    disabled = fields.Function(
        lambda member: member.developer.disabled_at is not None,
        required=True,
        metadata={"type": "boolean"},
    )
    permissions = fields.List(
        fields.Enum(Permission, by_value=True),
        required=True,
        metadata={"description": "what they can do in the project and all its tasks"},
    )
    own_task_permissions = fields.List(
        fields.Enum(Permission, by_value=True),
        required=True,
        metadata={"description": "what else they can do in tasks that they created"},
    )


class NewMember(Schema):
    developer_id = Id(required=True)
    role = fields.Enum(ProjectRole, by_value=True, load_default=ProjectRole.MEMBER)


class MemberQuery(Schema):
    developer_id = Id(required=True, strict=False)


class ColleagueSchema(Schema):
    """A developer who can be added to a project."""

    id = Id(required=True)
    name = fields.String(required=True)
    git_email = fields.String(required=True)
    role = fields.Enum(SystemRole, by_value=True, required=True)
