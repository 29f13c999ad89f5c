"""The outbox: an entry is written with each event that notifies people, and after the commit
readers and the fan-out are woken.
"""

from collections.abc import Sequence
from datetime import datetime

from app import wakeups
from app.domain.notification_rules import CLOSING_TYPES, notification_type_of
from app.extensions import db
from app.models import Event, OutboxEntry, Task
from app.services.notify import statements


def record_event(task: Task, event: Event, by: int | None, *, is_news: bool = True) -> None:
    """Queue a task's new event for its streams, with an outbox entry if people are notified of it
    and it `is_news`.

    `by` is the ID of the developer who caused the event, if any. The caller commits, which wakes
    event streams and the fan-out. If the event closes questions, nobody needs their notifications
    any more.
    """
    wakeups.publish_task_changes([task.id])
    kind = notification_type_of(event.type, event.data)
    if kind is None or not is_news:
        return
    wakeups.wake_outbox()
    entry = OutboxEntry(
        task_id=task.id,
        number=event.number,
        kind=kind,
        round=task.round,
        stage_index=event.stage_index,
        actor_id=by,
        message=event.message,
        created_at=event.created_at,
    )
    db.session.add(entry)
    if kind in CLOSING_TYPES:
        db.session.flush()
        mark_closed_read([entry.id], event.created_at)


def mark_closed_read(entry_ids: Sequence[int], now: datetime) -> None:
    """Mark the notifications of the questions that these entries close as read, for everyone. The
    caller commits, which updates their numbers of unread notifications.
    """
    found = db.session.scalars(statements.MARK_CLOSED_READ, {"closing": entry_ids, "now": now})
    for developer_id in set(found):
        wakeups.publish_unread(developer_id)
