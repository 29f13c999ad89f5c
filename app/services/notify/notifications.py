"""A developer's in-app notifications, read and unread."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, exists, func, select, update

from app import wakeups
from app.domain.errors import NotFound
from app.extensions import db
from app.models import Developer, Notification, Task
from app.services.clock import now

# Counting stops here: a more exact number is useless.
MAX_UNREAD_COUNT = 1000
BATCH = 5000


def listing(actor: Developer, *, unread: bool = False) -> Select[Notification]:
    """Return the query of the developer's notifications, or only of the `unread` ones."""
    query = select(Notification).where(*_is_own(actor))
    return query.where(Notification.read_at.is_(None)) if unread else query


def unread_count(actor: Developer) -> int:
    """Return the number of unread notifications, at most `MAX_UNREAD_COUNT`."""
    some = _unread_ids(actor).limit(MAX_UNREAD_COUNT).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def mark_read(actor: Developer, notification_id: int) -> Notification:
    """Mark a notification as read; the time of the first reading stays. Commits.

    Raises NotFound, also for another developer's notification.
    """
    moment = func.coalesce(Notification.read_at, now())
    found = db.session.scalar(
        update(Notification)
        .where(Notification.id == notification_id, *_is_own(actor))
        .values(read_at=moment)
        .returning(Notification)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("Notification not found.")
    wakeups.publish_unread(actor.id)
    db.session.commit()
    return found


def mark_all_read(actor: Developer) -> int:
    """Mark all notifications as read. Returns how many were unread.

    Commits after each batch, so that no row is locked for long.
    """
    moment, total = now(), 0
    newest = db.session.scalar(_unread_ids(actor).order_by(Notification.id.desc()).limit(1))
    while newest is not None:
        batch = _unread_ids(actor).where(Notification.id <= newest).order_by(Notification.id)
        # A row that another request is marking counts there. It's a CTE because Postgres might
        # evaluate a subquery again for each row, and choose other rows.
        chosen = batch.limit(BATCH).with_for_update(skip_locked=True).cte()
        marked = update(Notification).where(Notification.id.in_(select(chosen)))
        marked = marked.values(read_at=moment)
        count = len(db.session.scalars(marked.returning(Notification.id)).all())
        total += count
        if count < BATCH:
            break
        db.session.commit()
    wakeups.publish_unread(actor.id)
    db.session.commit()
    return total


def mark_unread(actor: Developer, ids: Collection[int]) -> int:
    """Mark these notifications of the developer's as unread. Returns their number. Commits."""
    marked = (
        update(Notification)
        .where(Notification.id.in_(ids), *_is_own(actor), Notification.read_at.is_not(None))
        .values(read_at=None)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    )
    count = len(db.session.scalars(marked).all())
    wakeups.publish_unread(actor.id)
    db.session.commit()
    return count


def _unread_ids(actor: Developer) -> Select[int]:
    return select(Notification.id).where(*_is_own(actor), Notification.read_at.is_(None))


def _is_own(actor: Developer) -> list[ColumnElement[bool]]:
    """Return the conditions of the actor's notifications within their credential's scope."""
    mine: list[ColumnElement[bool]] = [Notification.developer_id == actor.id]
    if (only := actor.access_scope.projects) is not None:
        about = exists().where(Task.id == Notification.task_id, Task.project_id.in_(only))
        mine.append(about)
    return mine
