"""Accounts."""

from typing import Any

from app.api.blueprint import Blueprint
from app.api.guards import current_developer, has_session
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.developers import DeveloperChanges, DeveloperSchema, NewDeveloper
from app.domain.errors import (
    AlreadyExists,
    EmailTaken,
    LastAdmin,
    LockoutPrevented,
    PlatformUidTaken,
    SessionRequired,
)
from app.models import Developer
from app.services.accounts import account_admin, developers
from app.services.search import directory

blp = Blueprint(
    "developers", __name__, url_prefix="/api/admin/developers", description="Developers"
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(DeveloperSchema))
def list_developers(query: dict[str, Any]) -> dict[str, Any]:
    """List all accounts, newest first."""
    return paginate_by_cursor(directory.all_developers(), Developer.id, **query)


@blp.post("")
@blp.arguments(NewDeveloper)
@blp.response(201, DeveloperSchema)
@problems(blp, AlreadyExists, SessionRequired)
def create_developer(body: dict[str, Any]) -> Developer:
    """Create an account. Not with a personal access token."""
    return developers.create(current_developer(), **body)


@blp.put("/<int:developer_id>")
@blp.arguments(DeveloperChanges)
@blp.response(200, DeveloperSchema)
@problems(blp, EmailTaken, LastAdmin, LockoutPrevented, PlatformUidTaken, SessionRequired)
def update_developer(body: dict[str, Any], developer_id: int) -> Developer:
    """Change the fields in the body.

    A new password or role ends the account's sessions; disabling it ends its personal access tokens
    too. With a personal access token, you can only change `gitName`, `gitEmail` and `budget`, and
    disable accounts. Everything that could grant access needs a session.
    """
    if not has_session():
        account_admin.require_no_access_change(body)
    return account_admin.update(current_developer(), developer_id, **body)


@blp.delete("/<int:developer_id>/sessions")
@blp.response(200, Empty)
def end_developer_sessions(developer_id: int) -> dict[str, Any]:
    """Sign an account out everywhere. Its personal access tokens stay valid."""
    account_admin.end_sessions(current_developer(), developer_id)
    return {}


@blp.put("/<int:developer_id>/reset-totp")
@blp.response(200, DeveloperSchema)
@problems(blp, SessionRequired)
def reset_totp(developer_id: int) -> Developer:
    """Turn off an account's two-factor authentication, if its owner has lost device and recovery
    codes.

    Not with a personal access token.
    """
    return account_admin.reset_second_factor(current_developer(), developer_id)
