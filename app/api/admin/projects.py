"""Projects, created and deleted by admins. (The guard is on /api/admin.)"""

from typing import Any

from marshmallow import fields

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.base import Empty, Schema
from app.api.schemas.projects import NewProject, SavedProjectSchema
from app.api.web import projects as web
from app.domain.errors import AlreadyExists
from app.services.project_deletion import deletion as project_removal
from app.services.project_deletion.deletion import ProjectInUse
from app.services.projects import projects, views
from app.services.projects.views import ProjectView

blp = Blueprint(
    "admin-projects", __name__, url_prefix="/api/admin/projects", description="Projects, for admins"
)


class ProjectDeletionQuery(Schema):
    force = fields.Boolean(
        load_default=False, metadata={"description": "cancel the project's live tasks first"}
    )


# An admin passes every check of a project, so the same views work here.
blp.get("")(web.list_projects)
blp.put("/<key>")(web.update_project)
blp.delete("/<key>/secrets")(web.delete_secrets)
blp.get("/<key>/members")(web.list_members)
blp.post("/<key>/members")(web.set_member)
blp.delete("/<key>/members")(web.remove_member)


@blp.post("")
@blp.arguments(NewProject)
@blp.response(201, SavedProjectSchema)
@problems(blp, AlreadyExists)
def create_project(body: dict[str, Any]) -> ProjectView:
    """Create a project without members."""
    actor = current_developer()
    return views.view_with_warnings(projects.create(actor, **body), actor)


@blp.delete("/<key>")
@blp.arguments(ProjectDeletionQuery, location="query")
@blp.response(200, Empty)
@problems(blp, ProjectInUse)
def delete_project(query: dict[str, bool], key: str) -> dict[str, Any]:
    """Delete a project without live tasks. Admins can still read its history; its secrets are
    destroyed.
    """
    project_removal.delete(current_developer(), key, **query)
    return {}
