"""News of tasks, on their way out: a row with the event for what people are told of, and after the
commit a word to whoever carries it on.
"""

from dataclasses import dataclass, field

from app import bus
from app.domain.audience import kind_of
from app.extensions import db
from app.models import Event, OutboxEntry, Task

_NOTED = "news of this transaction"


@dataclass
class Noted:
    """`task_ids`: whose history or log has grown."""

    task_ids: set[int] = field(default_factory=set)
    is_told: bool = False


def note(task: Task, event: Event, by: int | None) -> None:
    """The task's latest event has just been made, by that developer's act or by itself."""
    noted = _noted()
    noted.task_ids.add(task.id)
    kind = kind_of(event.type, event.data)
    if kind is None:
        return
    noted.is_told = True
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


def note_log(task_id: int) -> None:
    """The task's log has grown."""
    _noted().task_ids.add(task_id)


def wake() -> None:
    """After the commit: those who look on hear of it, and what is told is carried on.

    Where a transaction was taken back they look in vain.
    """
    tell(taken())


def taken() -> Noted | None:
    """The news of this transaction, for who tells them later: its session does not keep them."""
    noted: Noted | None = db.session.info.pop(_NOTED, None)
    return noted


def tell(noted: Noted | None) -> None:
    """Those who look on hear of what was taken."""
    if noted is not None:
        bus.tell_news(noted.task_ids, is_told=noted.is_told)


def _noted() -> Noted:
    noted: Noted = db.session.info.setdefault(_NOTED, Noted())
    return noted
