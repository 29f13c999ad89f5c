"""The outbox: an entry is written with each event that notifies people, and after the commit
readers and the fan-out are woken.
"""

from app import wakeups
from app.domain.notification_rules import notification_type_of
from app.extensions import db
from app.models import Event, OutboxEntry, Task


def record_event(task: Task, event: Event, by: int | None, *, is_news: bool = True) -> None:
    """Queue a task's new event for its streams, with an outbox entry if people are notified of it
    and it `is_news`.

    `by` is the ID of the developer who caused the event, if any. The caller commits, which wakes
    event streams and the fan-out.
    """
    wakeups.publish_task_changes([task.id])
    kind = notification_type_of(event.type, event.data)
    if kind is None or not is_news:
        return
    wakeups.wake_outbox()
    db.session.add(
        OutboxEntry(
            task_id=task.id,
            number=event.number,
            kind=kind,
            round=task.round,
            stage_index=event.stage_index,
            actor_id=by,
            message=event.message,
            created_at=event.created_at,
        )
    )
