"""A task's queued follow-ups, in order.

In all functions the caller holds the task's lock, and commits.
"""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.domain.follow_up import MAX_QUEUED, FollowUpState, TooManyFollowUps
from app.extensions import db
from app.models import Developer, FollowUp, Task
from app.services.tasks import images


def add(
    task: Task,
    actor: Developer,
    instruction: str,
    from_stage: int,
    review_id: int | None,
    now: datetime,
) -> FollowUp:
    """Queue another one, after all others. Raises TooManyFollowUps."""
    if task.follow_ups_queued >= MAX_QUEUED:
        raise TooManyFollowUps
    last = db.session.scalar(select(func.max(FollowUp.number)).where(FollowUp.task_id == task.id))
    made = FollowUp(
        task_id=task.id,
        number=(last or 0) + 1,
        round=None,
        state=FollowUpState.QUEUED,
        instruction=instruction,
        from_stage=from_stage,
        review_id=review_id,
        created_by=actor.id,
        creator=actor,
        created_at=now,
        started_at=None,
    )
    db.session.add(made)
    task.follow_ups_queued += 1
    db.session.flush()
    return made


def find_next(task: Task) -> FollowUp | None:
    """Return the next one to start. Costs nothing if none is queued."""
    if not task.follow_ups_queued:
        return None
    return db.session.scalar(_queued(task).limit(1))


def start(task: Task, row: FollowUp, now: datetime) -> None:
    """Record that the task has started its round."""
    row.state, row.round, row.started_at = FollowUpState.STARTED, task.round, now
    task.follow_ups_queued -= 1
    task.follow_up = row.number


def withdraw(task: Task, row: FollowUp) -> None:
    """Withdraw a queued one."""
    row.state = FollowUpState.WITHDRAWN
    images.delete_of_follow_up(task, row.number)
    task.follow_ups_queued -= 1


def withdraw_all(task: Task) -> None:
    """Withdraw all of them: someone has ended the task."""
    if task.follow_ups_queued:
        for row in db.session.scalars(_queued(task)):
            withdraw(task, row)


def _queued(task: Task) -> Select[FollowUp]:
    of_task = (FollowUp.task_id == task.id, FollowUp.state == FollowUpState.QUEUED)
    query = select(FollowUp).where(*of_task).order_by(FollowUp.number)
    return query.options(joinedload(FollowUp.creator, innerjoin=True))
