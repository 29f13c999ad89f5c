"""Getting started: what an empty server needs."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.problems import problems
from app.api.schemas.getting_started import GettingStartedChanges, GettingStartedSchema
from app.domain.errors import Forbidden
from app.services.clock import now
from app.services.ops import getting_started
from app.services.ops.getting_started import GettingStarted

blp = Blueprint(
    "getting-started",
    __name__,
    url_prefix="/api/web/getting-started",
    description="Getting started",
)


@blp.get("")
@blp.response(200, GettingStartedSchema)
def get_getting_started() -> GettingStarted:
    """Get the steps from an empty server to a completed task.

    All are `done` once a task has completed on this server.
    """
    return getting_started.get(current_developer(), now())


@blp.put("")
@blp.arguments(GettingStartedChanges)
@blp.response(200, GettingStartedSchema)
@problems(blp, Forbidden)
def update_getting_started(body: dict[str, Any]) -> GettingStarted:
    """Dismiss the steps for everyone, or show them again."""
    return getting_started.set_dismissed(current_developer(), now(), **body)
