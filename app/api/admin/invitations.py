"""Invitations, as admins see them."""

from typing import Any

from app.api.auth import public_url
from app.api.auth.public_url import PublicUrlMissing
from app.api.blueprint import Blueprint
from app.api.guards import current_developer, current_login
from app.api.pagination import CursorQuery, cursor_page_schema, paginate_by_cursor
from app.api.problems import problems
from app.api.schemas.base import Empty
from app.api.schemas.invitations import (
    CreatedInvitationSchema,
    InvitationSchema,
    NewInvitation,
)
from app.domain.errors import EmailTaken, ReauthenticationRequired, SessionRequired
from app.domain.invitation import InvitationAccepted
from app.models import Invitation
from app.services.accounts import invitations

blp = Blueprint(
    "invitations", __name__, url_prefix="/api/admin/invitations", description="Invitations"
)


@blp.get("")
@blp.arguments(CursorQuery, location="query")
@blp.response(200, cursor_page_schema(InvitationSchema))
def list_invitations(query: dict[str, Any]) -> dict[str, Any]:
    """List all invitations, newest first, without their links."""
    page = paginate_by_cursor(invitations.listing(current_developer()), Invitation.id, **query)
    return {**page, "items": invitations.views(page["items"])}


@blp.post("")
@blp.arguments(NewInvitation)
@blp.response(201, CreatedInvitationSchema)
@problems(blp, EmailTaken, PublicUrlMissing, ReauthenticationRequired, SessionRequired)
def create_invitation(body: dict[str, Any]) -> dict[str, Any]:
    """Create an invitation. Its link is shown only here. Not with a personal access token.

    It creates one account, within `invitationHours`.
    """
    base = public_url.server_url()
    made = invitations.create(current_developer(), current_login(), **body)
    return {**vars(made), "link": f"{base}/invitation#{made.secret}"}


@blp.delete("/<int:invitation_id>")
@blp.response(200, Empty)
@problems(blp, InvitationAccepted)
def withdraw_invitation(invitation_id: int) -> dict[str, Any]:
    """Withdraw an invitation: its link stops working."""
    invitations.withdraw(current_developer(), invitation_id)
    return {}
