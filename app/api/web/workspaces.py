"""Workspaces of tasks."""

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.workspaces import WorkspaceSchema
from app.domain.errors import NoWorkspace
from app.models import Workspace
from app.services.tasks import workspaces

blp = Blueprint("workspaces", __name__, url_prefix="/api/web/workspaces", description="Workspaces")


@blp.get("/<int:task_id>")
@blp.response(200, WorkspaceSchema)
@problems(blp, NoWorkspace)
def get_workspace(task_id: int) -> Workspace:
    """Get the task's workspace as its machine last reported it, of the latest attempt with one.

    `diff` counts files that aren't added to git from the end of the stage on.
    """
    return workspaces.get_workspace(current_developer(), task_id)
