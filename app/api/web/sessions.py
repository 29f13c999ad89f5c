"""Your own logins."""

import uuid
from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.schemas.base import Empty
from app.api.schemas.sessions import EndSessionsQuery, SessionSchema
from app.models import Login
from app.services.accounts import logins
from app.services.clock import now

blp = Blueprint(
    "sessions", __name__, url_prefix="/api/web/profile/sessions", description="Your sessions"
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(SessionSchema))
def list_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """List your active logins, newest first. Not with a personal access token."""
    rows = logins.list_active(current_developer(), now())
    page = paginate_by_cursor(rows, Login.created_at, Login.id, **query)
    mine = current_login()
    items = [{"login": login, "current": login.id == mine} for login in page["items"]]
    return {**page, "items": items}


@blp.delete("/<uuid:session_id>")
@blp.response(200, Empty)
def end_session(session_id: uuid.UUID) -> dict[str, Any]:
    """End one of your logins, with everything opened by it. Not with a personal access token."""
    logins.end_one(current_developer(), session_id)
    return {}


@blp.delete("")
@blp.arguments(EndSessionsQuery, location="query")
@blp.response(200, Empty)
def end_sessions(query: dict[str, bool]) -> dict[str, Any]:
    """End all your logins, including the current one unless `others` is true.

    Personal access tokens stay valid. Not with a personal access token.
    """
    logins.end_many(current_developer(), but=current_login() if query["others"] else None)
    return {}
