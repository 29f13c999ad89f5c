"""Your own task drafts."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.drafts import DraftChanges, DraftSchema
from app.models import TaskDraft
from app.services.accounts import drafts
from app.services.accounts.drafts import TooManyDrafts

blp = Blueprint("drafts", __name__, url_prefix="/api/web/profile/drafts", description="Task drafts")


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(DraftSchema))
def list_drafts(query: dict[str, Any]) -> dict[str, Any]:
    """List your drafts, newest first. Only you can see them."""
    return paginate_by_cursor(drafts.listing(current_developer()), TaskDraft.id, **query)


@blp.post("")
@blp.arguments(DraftChanges)
@blp.response(201, DraftSchema)
@problems(blp, TooManyDrafts)
def create_draft(body: dict[str, Any]) -> TaskDraft:
    """Save a task draft. It's validated when you create the task."""
    return drafts.create(current_developer(), **body)


@blp.put("/<int:draft_id>")
@blp.arguments(DraftChanges)
@blp.response(200, DraftSchema)
def update_draft(body: dict[str, Any], draft_id: int) -> TaskDraft:
    """Change the fields in the body; omitted fields don't change."""
    return drafts.update(current_developer(), draft_id, **body)


@blp.delete("/<int:draft_id>")
@blp.response(200, Empty)
def delete_draft(draft_id: int) -> dict[str, Any]:
    """Delete a draft."""
    drafts.delete(current_developer(), draft_id)
    return {}
