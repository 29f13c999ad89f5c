"""Accepting invitations: each becomes one account, by a password or by an identity at a provider.

The invitation's row is locked before the account is created, so of two who accept it at once, one
wins.
"""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain import invitation as rules
from app.domain.errors import AlreadyExists, PasswordLoginOff
from app.domain.invitation import InvitationNotFound
from app.domain.roles import ProjectRole
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db
from app.models import Developer, Invitation, Project, ProjectMember
from app.services import audit, clock, settings
from app.services.accounts import account_admin, developers, invitations, passwords
from app.services.accounts.invitations import InvitationView


def find_open(secret: str) -> Invitation:
    """Return the invitation that the link's secret opens, if it can be accepted.

    Raises InvitationNotFound, InvitationAccepted, InvitationWithdrawn, InvitationExpired,
    InviterDisabled.
    """
    is_ours = is_token(secret, TokenKind.INVITATION)
    wanted = select(Invitation).where(Invitation.digest == digest(secret))
    invitation = db.session.scalar(wanted) if is_ours else None
    if invitation is None:
        raise InvitationNotFound
    inviter = db.session.get_one(Developer, invitation.created_by)
    rules.require_open(invitation, inviter, clock.now())
    return invitation


def inspect(secret: str) -> InvitationView:
    """Return what the invitation offers. Raises what `find_open` does."""
    return invitations.views([find_open(secret)])[0]


def accept(secret: str, *, name: str, password: str) -> Developer:
    """Create the invitation's account, which signs in with that password. Commits.

    Raises what `find_open` does, PasswordLoginOff, InvalidFields for a weak password, AlreadyExists
    for a taken name, EmailTaken.
    """
    invitation_id = find_open(secret).id
    if settings.value("passwordLogin") == "off":
        raise PasswordLoginOff
    passwords.check_strength(password)
    if developers.find_by_name(name) is not None:
        raise AlreadyExists
    db.session.commit()  # no connection is held while the hash is computed
    password_hash = passwords.hash_password(password)
    invitation = lock_open(invitation_id)
    if invitation.email is not None:
        invitations.require_free_email(invitation.email)
    try:
        developer = create_account(invitation, name, password_hash, invitation.email)
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists from None
    db.session.commit()
    return developer


def lock_open(invitation_id: int) -> Invitation:
    """Lock the invitation, and first the account of its creator, so that neither ends meanwhile.

    Raises what `find_open` does.
    """
    created_by = select(Invitation.created_by).where(Invitation.id == invitation_id)
    inviter_id = db.session.scalar(created_by)
    if inviter_id is None:  # deleted meanwhile: it ended long ago
        raise InvitationNotFound
    # A sign-in locks all admins later, in the order of their IDs.
    inviter, _ = account_admin.lock_with_admins(inviter_id)
    invitation = db.session.get(
        Invitation, invitation_id, with_for_update=True, populate_existing=True
    )
    if invitation is None:
        raise InvitationNotFound
    rules.require_open(invitation, inviter, clock.now())
    return invitation


def create_account(
    invitation: Invitation,
    name: str,
    password_hash: str,
    email: str | None,
    git_name: str | None = None,
) -> Developer:
    """Create the locked invitation's account, with its role and projects. The caller commits.

    Raises IntegrityError.
    """
    known_name, git_email = rules.git_identity(git_name or name, email)
    developer = Developer(
        name=name,
        password_hash=password_hash,
        role=invitation.role,
        email=email,
        git_name=known_name,
        git_email=git_email,
        created_at=clock.now(),
    )
    db.session.add(developer)
    db.session.flush()
    members = _add_memberships(invitation, developer)
    invitation.accepted_at, invitation.developer_id = clock.now(), developer.id
    account = {"name": name, "role": developer.role, "email": email}
    audit.record("developer.created", "developer", developer.id, actor=None, after=account)
    accepted = {"developer": developer.id, "role": developer.role, "members": members}
    audit.record(
        "invitation.accepted", "invitation", invitation.id, actor=developer, after=accepted
    )
    db.session.flush()
    return developer


def _add_memberships(invitation: Invitation, developer: Developer) -> dict[str, str]:
    """Add the account to the invitation's projects that still exist; return its roles by ID."""
    ids = [int(id_) for id_ in invitation.projects]
    # Locked, so that none is deleted before its new member is there.
    query = (
        select(Project.id)
        .where(Project.id.in_(ids), Project.deleted_at.is_(None))
        .order_by(Project.id)
        .with_for_update(read=True, key_share=True)
    )
    members = {str(id_): invitation.projects[str(id_)] for id_ in db.session.scalars(query)}
    for id_, role in members.items():
        db.session.add(
            ProjectMember(project_id=int(id_), developer_id=developer.id, role=ProjectRole(role))
        )
    return members
