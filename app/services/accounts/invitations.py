"""Invitations: created, listed and withdrawn by admins."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app.domain import field_errors
from app.domain import invitation as rules
from app.domain.errors import EmailTaken, InvalidFields, NotFound
from app.domain.invitation import InvitationState
from app.domain.roles import ProjectRole, SystemRole
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Developer, Invitation, Project
from app.services import audit, clock, rights, settings
from app.services.accounts import developers, logins, tokens


@dataclass(frozen=True)
class InvitedProject:
    """A project that the new account is a member of."""

    key: str
    role: ProjectRole


@dataclass(frozen=True)
class InvitationView:
    """An invitation, its state, and the names of what it refers to.

    `secret` is the part of the link that opens it, right after its creation.
    """

    invitation: Invitation
    state: InvitationState
    projects: Sequence[InvitedProject]
    invited_by: str
    developer_name: str | None
    secret: str | None = None


def create(
    actor: Developer,
    login_id: uuid.UUID,
    *,
    email: str | None = None,
    role: SystemRole,
    projects: Sequence[Mapping[str, Any]] = (),
    note: str = "",
) -> InvitationView:
    """Create an invitation, for the reauthenticated login of an admin. Commits.

    Raises Forbidden, ReauthenticationRequired, InvalidFields, EmailTaken.
    """
    rights.require_admin(actor)
    developers.lock_current(actor)  # an account that is being disabled invites nobody
    now = clock.now()
    logins.require_recent(actor, login_id, now)
    if email is not None:
        require_free_email(email)
    roles = _roles_by_project(projects)
    secret = tokens.generate(TokenKind.INVITATION)
    invitation = Invitation(
        digest=digest(secret),
        email=email,
        role=role,
        projects={str(id_): given.value for id_, given in roles.items()},
        note=note,
        created_by=actor.id,
        created_at=now,
        expires_at=now + timedelta(hours=settings.value("invitationHours")),
    )
    db.session.add(invitation)
    db.session.flush()
    fields = {
        "email": email,
        "role": role,
        "members": invitation.projects,
        "note": note,
        "expiresAt": invitation.expires_at,
    }
    audit.record("invitation.created", "invitation", invitation.id, actor=actor, after=fields)
    db.session.commit()
    return views([invitation], secret=secret)[0]


def listing(actor: Developer) -> Select[Invitation]:
    """Return the query of all invitations. Raises Forbidden."""
    rights.require_admin(actor)
    return select(Invitation)


def withdraw(actor: Developer, invitation_id: int) -> None:
    """Withdraw an invitation. Repeating it does nothing. Commits.

    Raises Forbidden, NotFound, InvitationAccepted: the account stays, and admins can disable it.
    """
    rights.require_admin(actor)
    invitation = db.session.get(
        Invitation, invitation_id, with_for_update=True, populate_existing=True
    )
    if invitation is None:
        raise NotFound("Invitation not found.")
    if invitation.accepted_at is not None:
        raise rules.InvitationAccepted
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = clock.now()
        audit.record("invitation.withdrawn", "invitation", invitation_id, actor=actor)
    db.session.commit()


def views(invitations: Iterable[Invitation], *, secret: str | None = None) -> list[InvitationView]:
    """Return the invitations with the names of their projects and people, in the same order, by
    two queries.
    """
    wanted, now = list(invitations), clock.now()
    keys = _project_keys({int(id_) for each in wanted for id_ in each.projects})
    people = {each.created_by for each in wanted} | {each.developer_id for each in wanted}
    query = select(Developer.id, Developer.name).where(Developer.id.in_(people - {None}))
    names = {row.id: row.name for row in db.session.execute(query)}
    return [
        InvitationView(
            each,
            rules.find_state(each, now),
            _invited_projects(each, keys),
            names[each.created_by],
            names.get(each.developer_id),
            secret,
        )
        for each in wanted
    ]


def require_free_email(email: str) -> None:
    """Raise EmailTaken if an account has the address."""
    if db.session.scalar(select(Developer.id).where(Developer.email == email)) is not None:
        raise EmailTaken


def _invited_projects(invitation: Invitation, keys: Mapping[int, str]) -> list[InvitedProject]:
    """Return the invitation's projects that still exist."""
    roles = {int(id_): ProjectRole(role) for id_, role in invitation.projects.items()}
    return [InvitedProject(keys[id_], role) for id_, role in roles.items() if id_ in keys]


def _project_keys(ids: set[int]) -> dict[int, str]:
    query = select(Project.id, Project.key).where(Project.id.in_(ids), Project.deleted_at.is_(None))
    return {row.id: row.key for row in db.session.execute(query)}


def _roles_by_project(projects: Sequence[Mapping[str, Any]]) -> dict[int, ProjectRole]:
    """Return the role in each project by its ID. Raises InvalidFields."""
    wanted = {str(each["key"]).lower(): ProjectRole(each["role"]) for each in projects}
    query = select(func.lower(Project.key).label("key"), Project.id).where(
        func.lower(Project.key).in_(wanted), Project.deleted_at.is_(None)
    )
    ids = {row.key: row.id for row in db.session.execute(query)}
    errors = {
        f"projects.{index}.key": [field_errors.NO_SUCH_PROJECT]
        for index, each in enumerate(projects)
        if str(each["key"]).lower() not in ids
    }
    if errors:
        raise InvalidFields(errors)
    return {ids[key]: role for key, role in wanted.items()}
