"""The dashboard: counts, and the latest tasks and events."""

from functools import partial
from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, paginate_by_cursor
from app.api.schemas.dashboard import ActivityPage, StatsSchema
from app.api.schemas.task_lists import TaskPage
from app.models import Task
from app.services.clock import now
from app.services.projects import activity, dashboard
from app.services.projects.activity import Activity
from app.services.projects.dashboard import Stats
from app.services.tasks import queries

blp = Blueprint("dashboard", __name__, url_prefix="/api/web/dashboard", description="Dashboard")


@blp.get("/stats")
@blp.response(200, StatsSchema)
def get_stats() -> Stats:
    """Get counts of tasks, machines and slots, and the wait of the oldest queued task."""
    return dashboard.stats(current_developer(), now())


@blp.get("/recent-tasks")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, TaskPage)
def list_recent_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """List the tasks that you can see, newest first."""
    return paginate_by_cursor(queries.listing(current_developer()), Task.id, **query)


@blp.get("/recent-activity")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, ActivityPage)
def list_recent_activity(query: dict[str, Any]) -> dict[str, Any]:
    """List the events of tasks that you can see, newest first; without `log` events."""
    latest = partial(activity.latest_events, current_developer())
    page = paginate_by_cursor(latest, *activity.ORDER, **query)
    return {**page, "items": [Activity(*row) for row in page["items"]]}
