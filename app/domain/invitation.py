"""Invitations: their states, and why one can't be accepted."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.domain.errors import Conflict, NotFound
from app.domain.roles import SystemRole


class InvitationState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class InvitationNotFound(NotFound):
    """There is no such invitation. Check that the link is complete."""

    code = "invitation_not_found"


class InvitationAccepted(Conflict):
    """This invitation has already been used."""

    code = "invitation_accepted"


class InvitationWithdrawn(Conflict):
    """This invitation was withdrawn."""

    code = "invitation_withdrawn"


class InvitationExpired(Conflict):
    """This invitation has expired. Ask for a new one."""

    code = "invitation_expired"


class InviterDisabled(Conflict):
    """The person who sent this invitation is no longer an admin here. Ask for a new one."""

    code = "inviter_disabled"


class OtherInvitationEmail(Conflict):
    """This invitation is for another email address."""

    code = "invitation_other_email"


class AccountExists(Conflict):
    """You already have an account here. Sign in without the invitation."""

    code = "account_exists"


class InvitationTimes(Protocol):
    """What decides an invitation's state."""

    expires_at: datetime
    withdrawn_at: datetime | None
    accepted_at: datetime | None


class Inviter(Protocol):
    """What decides whether the invitations that a person created are still valid."""

    role: SystemRole
    disabled_at: datetime | None


_REFUSALS = {
    InvitationState.ACCEPTED: InvitationAccepted,
    InvitationState.WITHDRAWN: InvitationWithdrawn,
    InvitationState.EXPIRED: InvitationExpired,
}


def find_state(invitation: InvitationTimes, now: datetime) -> InvitationState:
    """Return the invitation's state."""
    if invitation.accepted_at is not None:
        return InvitationState.ACCEPTED
    if invitation.withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.EXPIRED if invitation.expires_at <= now else InvitationState.OPEN


def require_open(invitation: InvitationTimes, inviter: Inviter, now: datetime) -> None:
    """Raise the reason why the invitation can't be accepted, if there is one.

    A former admin's invitations end with their rights: they could otherwise grant themselves a new
    account.
    """
    if refusal := _REFUSALS.get(find_state(invitation, now)):
        raise refusal
    if inviter.disabled_at is not None or inviter.role is not SystemRole.ADMIN:
        raise InviterDisabled


def git_identity(name: str, email: str | None) -> tuple[str, str]:
    """Return the Git name and address of a new account, valid for a commit's header."""
    git_name = "".join(c for c in name if c not in "<>").strip() or "developer"
    local = "".join(c if c.isalnum() or c in "._+-" else "." for c in git_name)
    return git_name, email or f"{local}@localhost"
