"""The outbox: an entry is written with each event that people are told of, and after the commit
readers and the fan-out are woken.
"""

from app import wakeups
from app.domain.notification_rules import notification_type_of
from app.extensions import db
from app.models import Event, OutboxEntry, Task


def record_event(task: Task, event: Event, by: int | None, *, is_news: bool = True) -> None:
    """Note a task's new event, with an outbox entry if people are told of it and it `is_news`.

    `by` is the id of the developer who caused the event, if one did. The caller commits, and then
    event streams and the fan-out are woken.
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
