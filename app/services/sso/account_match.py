"""The account of a person who signs in at a provider."""

import itertools
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain import sso
from app.domain.invitation import AccountExists, OtherInvitationEmail
from app.domain.roles import SystemRole
from app.domain.sso import ExternalUser, SignInRefused
from app.extensions import db
from app.models import Developer, DeveloperIdentity, IdentityProvider
from app.services import audit
from app.services.accounts import (
    account_admin,
    developers,
    invitation_acceptance,
    passwords,
)
from app.services.sso import role_grants

MAX_NAME_TRIES = 50  # variants of one username, before account creation fails


def find_or_create(
    provider: IdentityProvider, who: ExternalUser, now: datetime, invitation_id: int | None = None
) -> Developer:
    """Return the person's account, locked, with the roles that their groups grant. The caller
    commits.

    With an invitation, it's the account that the invitation creates. If they are rejected, roles
    that their groups no longer grant are revoked anyway, and committed. Raises SignInRefused, and
    what accepting the invitation does.
    """
    try:
        return _find_or_create(provider, who, now, invitation_id)
    except IntegrityError:  # two concurrent sign-ins, and the other was first
        db.session.rollback()
        return _find_or_create(provider, who, now, invitation_id)


def find_identity(provider: IdentityProvider, who: ExternalUser) -> DeveloperIdentity | None:
    """Return the person's identity here, if there is one."""
    return db.session.scalar(
        select(DeveloperIdentity)
        .where(
            DeveloperIdentity.provider_id == provider.id, DeveloperIdentity.subject == who.subject
        )
        .execution_options(populate_existing=True)
    )


def _find_or_create(
    provider: IdentityProvider, who: ExternalUser, now: datetime, invitation_id: int | None
) -> Developer:
    refused = sso.find_refusal(who, provider.email_domains, provider.allowed_groups)
    identity = find_identity(provider, who)
    if identity is None:
        if refused:
            raise SignInRefused(refused)
        if invitation_id is None:
            identity = _link_account(provider, who, now)
        else:
            identity = _accept_invitation(provider, who, now, invitation_id)
    elif invitation_id is not None:
        raise AccountExists
    developer, others = account_admin.lock_with_admins(identity.developer_id)
    if (identity := find_identity(provider, who)) is None:  # unlinked meanwhile
        raise SignInRefused("no_account")
    if developer.disabled_at is not None:
        raise SignInRefused("disabled")
    is_only_admin = developer.role is SystemRole.ADMIN and not others
    role, projects = role_grants.roles_from_groups(provider, who.groups)
    role_grants.apply_roles(developer, identity, role, projects, now, is_only_admin=is_only_admin)
    if refused:
        db.session.commit()
        raise SignInRefused(refused)
    identity.last_used_at, identity.email = now, who.email
    db.session.flush()
    return developer


def _link_account(
    provider: IdentityProvider, who: ExternalUser, now: datetime
) -> DeveloperIdentity:
    """Create an identity: of the account with the person's email, or of a new one."""
    developer = _find_by_email(provider, who)
    if developer is None:
        if not provider.create_accounts:
            raise SignInRefused("no_account")
        developer = _create_developer(who, now)
    return create_identity(provider, developer, who.subject, who.email, now, actor=None)


def _accept_invitation(
    provider: IdentityProvider, who: ExternalUser, now: datetime, invitation_id: int
) -> DeveloperIdentity:
    """Create the invitation's account, and link it to the person's identity.

    Raises what `invitation_acceptance.lock_open` does, OtherInvitationEmail, AccountExists,
    SignInRefused.
    """
    invitation = invitation_acceptance.lock_open(invitation_id)
    if invitation.email is not None and invitation.email != who.email:
        raise OtherInvitationEmail
    if _find_by_email(provider, who) is not None:
        raise AccountExists
    email, git_name = _free_email(who), who.full_name
    name, no_password = _free_name(who), passwords.UNUSABLE_HASH
    developer = invitation_acceptance.create_account(
        *(invitation, name, no_password, email), git_name=git_name
    )
    return create_identity(provider, developer, who.subject, who.email, now, actor=None)


def create_identity(
    provider: IdentityProvider,
    developer: Developer,
    subject: str,
    email: str | None,
    now: datetime,
    *,
    actor: Developer | None,
) -> DeveloperIdentity:
    """Link the developer to an identity at the provider; the caller commits. Raises
    IntegrityError.
    """
    identity = DeveloperIdentity(
        developer_id=developer.id,
        provider_id=provider.id,
        subject=subject,
        email=email,
        projects={},
        linked_at=now,
    )
    db.session.add(identity)
    db.session.flush()
    fields = {"provider": provider.name, "subject": subject, "email": email}
    audit.record("identity.linked", "developer", developer.id, actor=actor, after=fields)
    return identity


def _find_by_email(provider: IdentityProvider, who: ExternalUser) -> Developer | None:
    if not provider.match_email or who.email is None:
        return None
    developer = db.session.scalar(select(Developer).where(Developer.email == who.email))
    if developer is None:
        return None
    # An address that was reassigned to another person there must not give them the account.
    theirs = select(DeveloperIdentity.id).where(
        DeveloperIdentity.developer_id == developer.id, DeveloperIdentity.provider_id == provider.id
    )
    if db.session.scalar(theirs) is not None:
        raise SignInRefused("email_of_another")
    return developer


def _create_developer(who: ExternalUser, now: datetime) -> Developer:
    name = _free_name(who)
    email = _free_email(who)
    developer = Developer(
        name=name,
        password_hash=passwords.UNUSABLE_HASH,  # no password matches it
        role=SystemRole.DEVELOPER,
        email=email,
        git_name=who.full_name or name,
        git_email=who.email or f"{name.replace(' ', '.')}@localhost",
        created_at=now,
    )
    db.session.add(developer)
    db.session.flush()
    fields = {"name": name, "role": developer.role, "email": email}
    audit.record("developer.created", "developer", developer.id, actor=None, after=fields)
    return developer


def _free_email(who: ExternalUser) -> str | None:
    """Return the person's address, unless it belongs to another account."""
    is_taken = select(Developer.id).where(Developer.email == who.email)
    return None if who.email is None or db.session.scalar(is_taken) else who.email


def _free_name(who: ExternalUser) -> str:
    for name in itertools.islice(sso.account_names(who), MAX_NAME_TRIES):
        if developers.find_by_name(name) is None:
            return name
    raise SignInRefused("no_name")
