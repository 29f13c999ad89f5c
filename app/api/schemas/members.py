"""Members of projects, as JSON."""

from marshmallow import fields

from app.api.schemas.base import Id, Schema
from app.domain.roles import ProjectRole, SystemRole


class MemberSchema(Schema):
    developer_id = Id(required=True, attribute="developer.id")
    name = fields.String(required=True, attribute="developer.name")
    git_email = fields.String(required=True, attribute="developer.git_email")
    role = fields.Enum(ProjectRole, by_value=True, required=True)


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
