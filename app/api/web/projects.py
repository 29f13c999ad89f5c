"""Projects and their members, for members."""

from collections.abc import Mapping
from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.budget import MonthBudgetSchema
from app.api.schemas.deploy_keys import DeployKeySchema, SavedDeployKeySchema
from app.api.schemas.members import ColleagueSchema, MemberQuery, MemberSchema, NewMember
from app.api.schemas.network import NewHost
from app.api.schemas.project_checks import (
    ProjectCheck,
    ProjectCheckResultSchema,
    StartedCheckSchema,
)
from app.api.schemas.projects import (
    ListedProjectSchema,
    ProjectSchema,
    ProjectUpdate,
    SavedProjectSchema,
)
from app.domain.errors import Forbidden, NetworkOpen, TooManyRequests
from app.models import Developer, Project, ProjectMember
from app.services.clock import now
from app.services.projects import (
    deploy_keys,
    members,
    networks,
    projects,
    repository_checks,
    views,
)
from app.services.projects.members import LastMaintainer
from app.services.projects.repository_checks import CheckResult
from app.services.projects.views import ProjectView
from app.services.search import directory
from app.services.usage import budgets

blp = Blueprint("projects", __name__, url_prefix="/api/web/projects", description="Projects")


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(ListedProjectSchema))
def list_projects(query: dict[str, Any]) -> dict[str, Any]:
    """List the projects that you can see, newest first."""
    found = projects.listing(current_developer()).options(*views.FOR_LISTS)
    page = paginate_by_cursor(found, Project.id, **query)
    return {**page, "items": views.list_views(page["items"], current_developer())}


@blp.get("/-/developers")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(ColleagueSchema))
def list_colleagues(query: dict[str, Any]) -> dict[str, Any]:
    """List developers you can add to a project."""
    return paginate_by_cursor(
        directory.active_developers(), Developer.id, descending=False, **query
    )


@blp.get("/<key>")
@blp.response(200, ProjectSchema)
def get_project(key: str) -> ProjectView:
    """Get a project by its key (case-insensitive)."""
    viewer = current_developer()
    return views.get_view(projects.get(viewer, key), viewer)


@blp.put("/<key>")
@blp.arguments(ProjectUpdate)
@blp.response(200, SavedProjectSchema)
@problems(blp, Forbidden)
def update_project(changes: dict[str, Any], key: str) -> ProjectView:
    """Change the fields in the body. For maintainers.

    Tasks keep the pipeline that they were created with.
    """
    actor = current_developer()
    return views.view_with_warnings(projects.update(actor, key, **changes), actor)


@blp.delete("/<key>/secrets")
@blp.response(200, Empty)
@problems(blp, Forbidden)
def delete_secrets(key: str) -> dict[str, Any]:
    """Destroy the project's secrets, Git token and SSH key immediately. For maintainers.

    Running stages keep theirs until they end.
    """
    projects.destroy_secrets(current_developer(), key)
    return {}


@blp.post("/<key>/network/allow")
@blp.arguments(NewHost)
@blp.response(200, ProjectSchema)
@problems(blp, Forbidden, NetworkOpen)
def allow_host(body: dict[str, str], key: str) -> ProjectView:
    """Allow another host for the project's stages, from the next stage on. For maintainers.

    Can be repeated.
    """
    actor = current_developer()
    return views.get_view(networks.allow_host(actor, key, **body), actor)


@blp.get("/<key>/budget")
@blp.response(200, MonthBudgetSchema)
def get_project_budget(key: str) -> Mapping[str, Any]:
    """Get the project's budget of this month, and its use."""
    return budgets.project_budget(current_developer(), key, now())


@blp.post("/<key>/checks")
@blp.arguments(ProjectCheck, required=False)
@blp.response(202, StartedCheckSchema)
@problems(blp, Forbidden, TooManyRequests)
def start_project_check(body: dict[str, Any], key: str) -> CheckResult:
    """Check the project, with the fields in the body changed, on one of its machines. For
    maintainers.

    Nothing is saved. The rules for saving these fields apply.
    """
    return repository_checks.start(current_developer(), key, body)


@blp.get("/<key>/checks/<check_id>")
@blp.response(200, ProjectCheckResultSchema)
@problems(blp, Forbidden)
def get_project_check(key: str, check_id: str) -> CheckResult:
    """Get a check's results, for ten minutes. For maintainers."""
    return repository_checks.find(current_developer(), key, check_id)


@blp.get("/<key>/deploy-key")
@blp.response(200, SavedDeployKeySchema)
@problems(blp, Forbidden)
def get_deploy_key(key: str) -> dict[str, str | None]:
    """Get the public half of the project's SSH key. For maintainers."""
    return {"public_key": deploy_keys.find_public_key(current_developer(), key)}


@blp.post("/<key>/deploy-key")
@blp.response(201, DeployKeySchema)
@problems(blp, Forbidden)
def create_deploy_key(key: str) -> dict[str, str]:
    """Give the project a new SSH key, in place of any that it has. For maintainers.

    Add the public half to the repository, with write access. Nobody gets the private half.
    """
    return {"public_key": deploy_keys.create(current_developer(), key)}


@blp.get("/<key>/members")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(MemberSchema))
@problems(blp, Forbidden)
def list_members(query: dict[str, Any], key: str) -> dict[str, Any]:
    """List members. For maintainers."""
    rows = members.listing(current_developer(), key)
    page = paginate_by_cursor(rows, ProjectMember.developer_id, descending=False, **query)
    return {**page, "items": members.views(page["items"])}


@blp.post("/<key>/members")
@blp.arguments(NewMember)
@blp.response(201, MemberSchema)
@blp.alt_response(200, schema=MemberSchema, description="Their role has changed", success=True)
@problems(blp, Forbidden, LastMaintainer)
def set_member(body: dict[str, Any], key: str) -> tuple[members.Member, int]:
    """Add a member or change their role. For maintainers."""
    member, is_new = members.set_member(current_developer(), key, **body)
    return member, 201 if is_new else 200


@blp.delete("/<key>/members")
@blp.arguments(MemberQuery, location="query")
@blp.response(200, Empty)
@problems(blp, Forbidden, LastMaintainer)
def remove_member(query: dict[str, int], key: str) -> dict[str, Any]:
    """Remove a member; the last maintainer can't be removed. For maintainers."""
    members.remove(current_developer(), key, **query)
    return {}
