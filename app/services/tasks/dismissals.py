"""Dismissing a task's end: it leaves its creator's inbox."""

from app import wakeups
from app.domain.errors import Forbidden, TaskNotEnded
from app.domain.task import ENDED
from app.extensions import db
from app.models import Developer
from app.services import locks
from app.services.clock import now
from app.services.tasks import queries


def set_dismissed(actor: Developer, task_id: int, *, seen: bool) -> None:
    """Dismiss the end of the actor's task, or undo that.

    Can be repeated; ends with the task's next round. Commits. Raises NotFound, Forbidden for
    another's task, TaskNotEnded.
    """
    if queries.get(actor, task_id).created_by != actor.id:
        raise Forbidden("Only the creator of a task can dismiss it.")
    task = locks.lock_tasks([task_id])[task_id]
    if task.status not in ENDED:
        raise TaskNotEnded("The task is still running.")
    task.dismissed_at = (task.dismissed_at or now()) if seen else None
    wakeups.publish_inbox(actor.id)
    db.session.commit()
