"""A developer's notification preferences."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.domain import notification_rules
from app.domain.notification_rules import NotificationType, Preferences
from app.extensions import db
from app.models import Developer, NotificationPreference


def get(actor: Developer) -> Preferences:
    """Return the developer's choice for each notification type; the default if there is none."""
    row = db.session.get(NotificationPreference, actor.id, populate_existing=True)
    return notification_rules.load_preferences(row.choices if row else None)


def update(actor: Developer, changes: Mapping[NotificationType, Mapping[str, Any]]) -> Preferences:
    """Set some fields of some choices; the others stay. Returns all choices. Commits."""
    _ensure_row(actor)
    row = db.session.get_one(
        NotificationPreference, actor.id, with_for_update=True, populate_existing=True
    )
    chosen = notification_rules.update_preferences(
        notification_rules.load_preferences(row.choices), changes
    )
    row.choices = notification_rules.dump_preferences(chosen)
    db.session.commit()
    return chosen


def _ensure_row(actor: Developer) -> None:
    """Ensure that there is a row to lock, so that concurrent changes aren't lost."""
    mine = insert(NotificationPreference).values(developer_id=actor.id, choices={})
    db.session.execute(mine.on_conflict_do_nothing())
