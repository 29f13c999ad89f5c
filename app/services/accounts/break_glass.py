"""The break-glass admin, who can use a password if password sign-in is off and providers fail."""

from collections.abc import Mapping
from typing import Any

from app.domain.errors import LockoutPrevented
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, StoredSetting
from app.services import audit, settings
from app.services.accounts import developers, passwords
from app.services.settings import SettingView

OFF = "off"


def is_password_allowed(developer: Developer) -> bool:
    """Whether the developer can sign in by password."""
    if settings.value("passwordLogin") != OFF:
        return True
    named: str = settings.value("breakGlassAdmin")
    return named.lower() == developer.name.lower() and developer.role is SystemRole.ADMIN


def require_no_lockout(changed: Developer) -> None:
    """Raise LockoutPrevented if the account was that admin's, and no longer is. The caller
    commits.
    """
    if settings.value("passwordLogin") != OFF:
        return
    named: str = settings.value("breakGlassAdmin")
    if named.lower() == changed.name.lower() and not _can_sign_in(changed):
        db.session.rollback()
        raise LockoutPrevented


def update_settings(actor: Developer, changes: Mapping[str, Any]) -> list[SettingView]:
    """Like `settings.update`, but also raises LockoutPrevented if nobody could sign in
    afterwards.
    """
    return settings.update(actor, changes, _require_admin_access)


def enable_password_login() -> None:
    """Turn password sign-in on again, for an operator on the server. Commits."""
    row = db.session.get(StoredSetting, "passwordLogin", with_for_update=True)
    if row is not None:
        db.session.delete(row)
        before, after = {"passwordLogin": row.value}, {"passwordLogin": "on"}
        audit.record("settings.updated", "settings", "", actor=None, before=before, after=after)
        db.session.commit()
        settings.clear_cache()


def _require_admin_access(after: Mapping[str, Any]) -> None:
    """Raise LockoutPrevented for settings with which nobody could sign in if a provider failed."""
    if after["passwordLogin"] != OFF:
        return
    admin = developers.find_by_name(after["breakGlassAdmin"])
    if admin is None or not _can_sign_in(admin):
        db.session.rollback()
        raise LockoutPrevented


def _can_sign_in(developer: Developer) -> bool:
    is_admin = (developer.base_role or developer.role) is SystemRole.ADMIN
    has_password = developer.password_hash != passwords.UNUSABLE_HASH
    return is_admin and has_password and developer.disabled_at is None
