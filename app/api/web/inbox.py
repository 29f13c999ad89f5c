"""The inbox."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.inbox import Dismissal, InboxFilter, InboxPage
from app.domain.errors import Forbidden, TaskNotEnded
from app.services.clock import now
from app.services.inbox import inbox
from app.services.inbox.keys import ORDER, Key
from app.services.tasks import dismissals

blp = Blueprint("inbox", __name__, url_prefix="/api/web", description="Inbox")


@blp.get("/inbox")
@blp.arguments(InboxFilter, location="query")
@blp.response(200, InboxPage)
def list_inbox(query: dict[str, Any]) -> dict[str, Any]:
    """List what needs your attention.

    Open questions that you can answer come first. Then, newest first per kind: your failures and
    results that you haven't dismissed and, for leads and admins, unhealthy machines.
    """
    actor, moment = current_developer(), now()
    page = paginate_by_cursor(inbox.listing(actor, query.pop("kind"), moment), *ORDER, **query)
    counts = inbox.counts(actor, moment)
    items = inbox.items(actor, [Key(*row) for row in page["items"]], moment)
    return {**page, "items": items, "counts": counts, "total": sum(counts.values())}


@blp.put("/tasks/<int:task_id>/dismiss")
@blp.arguments(Dismissal)
@blp.response(200, Empty)
@problems(blp, Forbidden, TaskNotEnded)
def dismiss_task(body: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Dismiss a finished task from your inbox, or bring it back."""
    dismissals.set_dismissed(current_developer(), task_id, seen=body["dismissed"])
    return {}
