"""Your own views of the task list."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.drafts import NewView, SavedViewSchema, ViewChanges
from app.models import SavedView
from app.services.accounts import saved_views
from app.services.accounts.saved_views import TooManyViews

blp = Blueprint(
    "saved-views", __name__, url_prefix="/api/web/profile/views", description="Saved views"
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(SavedViewSchema))
def list_views(query: dict[str, Any]) -> dict[str, Any]:
    """List your views, in their order. Only you can see them."""
    found = saved_views.listing(current_developer())
    return paginate_by_cursor(found, SavedView.position, SavedView.id, descending=False, **query)


@blp.post("")
@blp.arguments(NewView)
@blp.response(201, SavedViewSchema)
@problems(blp, TooManyViews)
def create_view(body: dict[str, Any]) -> SavedView:
    """Save filters under a name."""
    return saved_views.create(current_developer(), **body)


@blp.put("/<int:view_id>")
@blp.arguments(ViewChanges)
@blp.response(200, SavedViewSchema)
def update_view(body: dict[str, Any], view_id: int) -> SavedView:
    """Change the fields in the body; omitted fields don't change."""
    return saved_views.update(current_developer(), view_id, **body)


@blp.delete("/<int:view_id>")
@blp.response(200, Empty)
def delete_view(view_id: int) -> dict[str, Any]:
    """Delete a view."""
    saved_views.delete(current_developer(), view_id)
    return {}
