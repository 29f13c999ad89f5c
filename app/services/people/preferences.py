"""What a developer wants to hear of, and where."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.domain import audience
from app.domain.audience import NewsKind, Preferences
from app.extensions import db
from app.models import Developer, NotificationPreference


def of(actor: Developer) -> Preferences:
    """All choices: what the developer has not chosen is as by default."""
    row = db.session.get(NotificationPreference, actor.id, populate_existing=True)
    return audience.preferences(row.choices if row else None)


def update(actor: Developer, changes: Mapping[NewsKind, Mapping[str, Any]]) -> Preferences:
    """Set these fields of these choices; the others stay."""
    _claim(actor)
    row = db.session.get_one(
        NotificationPreference, actor.id, with_for_update=True, populate_existing=True
    )
    chosen = audience.changed(audience.preferences(row.choices), changes)
    row.choices = audience.stored(chosen)
    db.session.commit()
    return chosen


def _claim(actor: Developer) -> None:
    """There is a row to lock: of two changes at once neither is lost."""
    mine = insert(NotificationPreference).values(developer_id=actor.id, choices={})
    db.session.execute(mine.on_conflict_do_nothing())
