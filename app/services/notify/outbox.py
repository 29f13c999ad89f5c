"""News of tasks, on their way out: a wake-up for those who look on, and a row, in the event's own
transaction, for what people are told of.
"""

from app import bus
from app.domain.audience import kind_of
from app.extensions import db
from app.models import Event, OutboxEntry, Task


def note(task: Task, event: Event, by: int | None) -> None:
    """Note the task's latest event, which has just been made, by that developer's act or by itself.

    The caller commits, and then those who look on and those who carry it on are woken.
    """
    bus.tell_news([task.id])
    kind = kind_of(event.type, event.data)
    if kind is None:
        return
    bus.wake_expanding()
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
