"""The follow-ups of a task that wait to begin, in their order.

In all functions the caller holds the task's lock, and commits.
"""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.domain.follow_up import MAX_QUEUED, FollowUpState, TooManyFollowUps
from app.extensions import db
from app.models import Developer, FollowUp, Task


def add(
    task: Task,
    actor: Developer,
    instruction: str,
    from_stage: int,
    review_id: int | None,
    now: datetime,
) -> FollowUp:
    """Queue another one, behind all others. Raises TooManyFollowUps."""
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
    """The one that begins next. Costs nothing where none waits."""
    if not task.follow_ups_queued:
        return None
    return db.session.scalar(_queued(task).limit(1))


def start(task: Task, row: FollowUp, now: datetime) -> None:
    """The task has begun the round that is this one's."""
    row.state, row.round, row.started_at = FollowUpState.STARTED, task.round, now
    task.follow_ups_queued -= 1
    task.follow_up = row.number


def withdraw(task: Task, row: FollowUp) -> None:
    """One that is queued never begins."""
    row.state = FollowUpState.WITHDRAWN
    task.follow_ups_queued -= 1


def withdraw_all(task: Task) -> None:
    """None of them begins: somebody has put an end to the task."""
    if task.follow_ups_queued:
        for row in db.session.scalars(_queued(task)):
            withdraw(task, row)


def _queued(task: Task) -> Select[FollowUp]:
    of_task = (FollowUp.task_id == task.id, FollowUp.state == FollowUpState.QUEUED)
    query = select(FollowUp).where(*of_task).order_by(FollowUp.number)
    return query.options(joinedload(FollowUp.creator, innerjoin=True))
