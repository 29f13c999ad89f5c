"""Account changes by admins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from app.domain import budget as budgets
from app.domain.errors import (
    EmailTaken,
    Forbidden,
    LastAdmin,
    NotFound,
    PlatformUidTaken,
    SessionRequired,
)
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services import audit, clock, rights
from app.services.accounts import break_glass, logins, passwords, personal_tokens, second_factor

# Fields that can be changed with a personal access token. Any other (password, role, chat account)
# could turn a stolen token into access that outlives it.
_HARMLESS_FIELDS = {"git_name", "git_email", "budget"}


def require_no_access_change(changes: Mapping[str, Any]) -> None:
    """Raise SessionRequired for changes that could grant access or more rights."""
    lets_nobody_in = changes.get("disabled", True)
    if not lets_nobody_in or changes.keys() - _HARMLESS_FIELDS - {"disabled"}:
        raise SessionRequired


def update(
    actor: Developer,
    developer_id: int,
    *,
    password: str | None = None,
    disabled: bool | None = None,
    **changes: Any,
) -> Developer:
    """Change `password`, `disabled`, `role`, `email`, `git_name`, `git_email`, `platform_uid` or
    `budget`. Commits.

    A new password or role ends the account's sessions; disabling it ends its sessions and its
    personal access tokens. The console asks for another password at the next sign-in, unless the
    account is the actor's own. Raises Forbidden, NotFound, InvalidFields for a weak password,
    LastAdmin, LockoutPrevented, PlatformUidTaken, EmailTaken.
    """
    rights.require_admin(actor)
    new_hash = _hash_password(password)
    developer = _lock(actor.id, developer_id)
    before = _audited_fields(developer)
    role = changes.get("role", developer.role)
    if "role" in changes:
        developer.base_role = None  # a role set by people replaces what groups granted
    if role is not developer.role or new_hash is not None:
        developer.token_generation += 1
        logins.end_all(developer, clock.now())
    if new_hash is not None:
        developer.password_hash = new_hash
        developer.must_change_password = developer.id != actor.id
    if "budget" in changes:
        changes["budget"] = budgets.exclude_none(changes["budget"])
    for name, value in changes.items():
        setattr(developer, name, value)
    _flush()
    if disabled is not None:
        _set_disabled(developer, disabled, clock.now())
    _require_active_admin()
    break_glass.require_no_lockout(developer)
    after = _audited_fields(developer)
    audit.record(
        "developer.updated", "developer", developer_id, actor=actor, before=before, after=after
    )
    db.session.commit()
    return developer


def end_sessions(actor: Developer, developer_id: int) -> None:
    """End all of the developer's logins. Commits. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    developer = _lock(actor.id, developer_id)
    fields = {"logins": logins.end_all(developer, clock.now())}
    audit.record("developer.signed_out", "developer", developer.id, actor=actor, before=fields)
    db.session.commit()


def reset_second_factor(actor: Developer, developer_id: int) -> Developer:
    """Remove the developer's second factor. Commits. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    developer = _lock(actor.id, developer_id)
    second_factor.delete_factor(developer, actor, "developer.totp_reset")
    db.session.commit()
    return developer


def _audited_fields(developer: Developer) -> dict[str, Any]:
    return {
        "role": developer.role,
        "gitName": developer.git_name,
        "gitEmail": developer.git_email,
        "email": developer.email,
        "platformUid": developer.platform_uid,
        "budget": developer.budget,
        "disabled": developer.disabled_at is not None,
        "password": developer.password_hash,
    }


def _hash_password(password: str | None) -> str | None:
    if password is None:
        return None
    passwords.check_strength(password)
    db.session.commit()  # no connection is held while the hash is computed
    return passwords.hash_password(password)


def _lock(actor_id: int, developer_id: int) -> Developer:
    """Lock the account together with all active admins: of two admins who demote each other, one
    must fail.

    Raises Forbidden if the actor is no longer an active admin, NotFound.
    """
    rows = _lock_admins_and(actor_id, developer_id)
    actor = rows.get(actor_id)
    if actor is None or actor.disabled_at is not None:
        raise Forbidden
    rights.require_admin(actor)
    if developer_id not in rows:
        raise NotFound("Developer not found.")
    return rows[developer_id]


def lock_with_admins(developer_id: int) -> tuple[Developer, list[Developer]]:
    """Lock the account together with all active admins; return it and the other admins.

    Raises NotFound.
    """
    rows = _lock_admins_and(developer_id)
    if developer_id not in rows:
        raise NotFound("Developer not found.")
    developer = rows.pop(developer_id)
    return developer, list(rows.values())


def _lock_admins_and(*ids: int) -> dict[int, Developer]:
    """Lock these accounts and all active admins, in ID order."""
    found = db.session.scalars(
        select(Developer)
        .where(or_(Developer.id.in_(ids), _is_active_admin()))
        .order_by(Developer.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in found}


def _set_disabled(developer: Developer, disabled: bool, now: datetime) -> None:
    if disabled and developer.disabled_at is None:
        developer.disabled_at = now
        developer.token_generation += 1
        logins.end_all(developer, now)
        personal_tokens.revoke_all(developer, now)
    elif not disabled:
        developer.disabled_at = None


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        db.session.rollback()
        raise (
            EmailTaken if "uq_developers_email" in str(error.orig) else PlatformUidTaken
        ) from None


def _require_active_admin() -> None:
    if db.session.scalar(select(Developer.id).where(_is_active_admin()).limit(1)) is None:
        db.session.rollback()
        raise LastAdmin


def _is_active_admin() -> Any:
    return (Developer.role == SystemRole.ADMIN) & Developer.disabled_at.is_(None)
