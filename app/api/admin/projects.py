"""Projects, created and deleted by admins. (The guard is on /api/admin.)"""

from typing import Any

from marshmallow import fields

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.base import Empty, Schema
from app.api.schemas.deploy_keys import NewDeployKeySchema
from app.api.schemas.project_checks import (
    ProjectCheck,
    ProjectCheckResultSchema,
    StartedCheckSchema,
)
from app.api.schemas.projects import NewProject, SavedProjectSchema
from app.api.web import projects as web
from app.domain.errors import AlreadyExists, TooManyRequests
from app.services.project_deletion import deletion as project_removal
from app.services.project_deletion.deletion import ProjectInUse
from app.services.projects import deploy_keys, projects, repository_checks, views
from app.services.projects.repository_checks import CheckResult
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
    """Create a project. You become its maintainer."""
    actor = current_developer()
    return views.view_with_warnings(
        projects.create(actor, **deploy_keys.replace_id(actor, body)), actor
    )


@blp.post("/-/checks")
@blp.arguments(ProjectCheck)
@blp.response(202, StartedCheckSchema)
@problems(blp, TooManyRequests)
def start_new_project_check(body: dict[str, Any]) -> CheckResult:
    """Check a project before you create it, on one of the machines. Nothing is saved."""
    return repository_checks.start(current_developer(), None, body)


@blp.post("/-/deploy-key")
@blp.response(201, NewDeployKeySchema)
def create_new_deploy_key() -> deploy_keys.PendingKey:
    """Generate an SSH key for a project that you create within an hour, with its `deployKeyId`."""
    return deploy_keys.create_pending(current_developer())


@blp.get("/-/checks/<check_id>")
@blp.response(200, ProjectCheckResultSchema)
def get_new_project_check(check_id: str) -> CheckResult:
    """Get a check's results, for ten minutes."""
    return repository_checks.find(current_developer(), None, check_id)


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
