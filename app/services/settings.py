"""Settings that admins change while the server runs, in effect everywhere within a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from flask import current_app
from sqlalchemy import or_, select, text
from sqlalchemy import update as changing

from app.domain.errors import InvalidFields
from app.domain.field_errors import FieldError
from app.domain.settings import (
    REGISTRY,
    Setting,
    SettingWarning,
    Value,
    check_value,
    find_warning,
)
from app.extensions import db
from app.models import Developer, PersonalToken, StoredSetting
from app.services import audit, clock, rights

CACHE_SECONDS = 1.0
TOKEN_DAYS = "personalTokenDays"
CACHE_KEY = "muster_settings"  # in app.extensions


@dataclass(frozen=True)
class SettingView:
    """A setting with its current value, and who set it when; None for the default."""

    setting: Setting
    value: Value
    default: Value
    updated_at: datetime | None
    updated_by: Developer | None

    @property
    def warning(self) -> SettingWarning | None:
        return find_warning(self.setting.key, self.value)


def value(key: str) -> Any:
    """Return the setting's value, at most `CACHE_SECONDS` old: a process makes one query in that
    time.
    """
    setting = REGISTRY[key]
    return _stored_values().get(key, _default(setting))


def cached_value(key: str) -> Any:
    """Return the setting's value as last read by this process, without a query, for very frequent
    uses.

    Processes that serve machines read the settings with their heartbeats.
    """
    _, values = current_app.extensions.get(CACHE_KEY, (0.0, None))
    return (values or {}).get(key, _default(REGISTRY[key]))


def list_all(actor: Developer) -> list[SettingView]:
    """Return all settings as currently stored. Raises Forbidden."""
    rights.require_admin(actor)
    rows = {row.key: row for row in db.session.scalars(select(StoredSetting))}
    ids = {row.updated_by for row in rows.values()}
    people = {d.id: d for d in db.session.scalars(select(Developer).where(Developer.id.in_(ids)))}
    return [_view(setting, rows.get(key), people) for key, setting in REGISTRY.items()]


def update(
    actor: Developer,
    changes: Mapping[str, Any],
    check: Callable[[Mapping[str, Value]], None] = lambda _: None,
) -> list[SettingView]:
    """Set all the given values, or none of them; None restores a default. Commits.

    `check` raises for values, of all resulting settings, that conflict. Raises Forbidden,
    InvalidFields.
    """
    rights.require_admin(actor)
    changes = _check_values(changes)
    # One change at a time, so that `before` in the audit log is correct. Reads continue.
    db.session.execute(text("LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE"))
    query = select(StoredSetting).execution_options(populate_existing=True)
    rows = {row.key: row for row in db.session.scalars(query)}
    defaults = {key: _default(REGISTRY[key]) for key in changes}
    before = {key: rows[key].value if key in rows else defaults[key] for key in changes}
    after = {key: defaults[key] if wanted is None else wanted for key, wanted in changes.items()}
    stored = {key: rows[key].value for key in rows if key in REGISTRY}
    check({key: _default(setting) for key, setting in REGISTRY.items()} | stored | after)
    for key, wanted in changes.items():
        _store(rows.get(key), key, wanted, actor)
    audit.record("settings.updated", "settings", "", actor=actor, before=before, after=after)
    if isinstance(days := after.get(TOKEN_DAYS), int) and days > 0:
        _limit_token_lifetimes(timedelta(days=days))
    db.session.commit()
    clear_cache()
    return list_all(actor)


def clear_cache() -> None:
    """Make this process read the settings again at the next use."""
    current_app.extensions.pop(CACHE_KEY, None)


def _limit_token_lifetimes(life: timedelta) -> None:
    """Limit the lifetime of existing personal tokens from now on: otherwise, those without an
    expiry would be the ones that stay.
    """
    latest = clock.now() + life
    lives_longer = or_(PersonalToken.expires_at.is_(None), PersonalToken.expires_at > latest)
    bounded = changing(PersonalToken).where(PersonalToken.revoked_at.is_(None), lives_longer)
    db.session.execute(bounded.values(expires_at=latest))


def _check_values(changes: Mapping[str, Any]) -> dict[str, Value | None]:
    good: dict[str, Value | None] = {}
    errors: dict[str, list[FieldError]] = {}
    for key, wanted in changes.items():
        try:
            is_reset = wanted is None and key in REGISTRY
            good[key] = None if is_reset else check_value(key, wanted)
        except InvalidFields as error:
            errors |= error.errors
    if errors:
        raise InvalidFields(errors)
    return good


def _store(row: StoredSetting | None, key: str, wanted: Value | None, actor: Developer) -> None:
    if wanted is None:
        if row is not None:
            db.session.delete(row)
    elif row is None or row.value != wanted:
        row = row or StoredSetting(key=key)
        row.value, row.updated_at, row.updated_by = wanted, clock.now(), actor.id
        db.session.add(row)


def _stored_values() -> Mapping[str, Value]:
    """Return the stored values by key, at most `CACHE_SECONDS` old."""
    now = monotonic()
    read_at, values = current_app.extensions.get(CACHE_KEY, (-CACHE_SECONDS, None))
    if values is not None and now - read_at < CACHE_SECONDS:
        return dict(values)
    if values is not None:  # while one greenlet reads, the others use the old values
        current_app.extensions[CACHE_KEY] = now, values
    with db.session.no_autoflush:
        rows = db.session.execute(select(StoredSetting.key, StoredSetting.value))
        fresh = {row.key: row.value for row in rows}
    current_app.extensions[CACHE_KEY] = now, fresh
    return fresh


def _default(setting: Setting) -> Value:
    if setting.config is None:
        return setting.default
    deployed: Value = current_app.config[setting.config]
    return deployed


def _view(
    setting: Setting, row: StoredSetting | None, people: Mapping[int, Developer]
) -> SettingView:
    default = _default(setting)
    if row is None:
        return SettingView(setting, default, default, None, None)
    return SettingView(setting, row.value, default, row.updated_at, people[row.updated_by])
