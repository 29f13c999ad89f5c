"""How a task ended is seen by its creator, who needs no more of it then."""

from app import wakeups
from app.domain.errors import Forbidden, TaskNotEnded
from app.domain.task import ENDED
from app.extensions import db
from app.models import Developer
from app.services import locks
from app.services.clock import now
from app.services.tasks import queries


def set_dismissed(actor: Developer, task_id: int, *, seen: bool) -> None:
    """Mark how the actor's task ended as seen, or take that back. May be repeated; ends with the
    task's next round. Commits.

    Raises NotFound, Forbidden for somebody else's task, TaskNotEnded.
    """
    if queries.get(actor, task_id).created_by != actor.id:
        raise Forbidden("only who has created a task marks its end as seen")
    task = locks.lock_tasks([task_id])[task_id]
    if task.status not in ENDED:
        raise TaskNotEnded("the task goes on: there is no end to be seen yet")
    task.dismissed_at = (task.dismissed_at or now()) if seen else None
    wakeups.publish_inbox(actor.id)
    db.session.commit()
