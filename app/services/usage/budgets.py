"""Budgets of tasks: what they have used is looked at while they work."""

from datetime import datetime

from sqlalchemy import select

from app import bus
from app.domain.attempt import AttemptPhase
from app.domain.budget import WARN_AT, in_words, share
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Attempt, Machine, Task
from app.services import locks
from app.services.tasks import attempts, history, suspensions


def look(machine: Machine, task: Task, attempt: Attempt, now: datetime) -> None:
    """Have the attempt's stage stopped in its middle where all of its task's budget is used, and
    tell people once before. The caller holds both locks, and commits.
    """
    if task.budget is None or attempt.phase is not AttemptPhase.RUN or attempt.suspends:
        return
    used = suspensions.used_by(task, now)
    part = share(task.budget, task.grants, used)
    if part >= 1:
        attempt.suspends = True
        attempts.change_orders(machine)
    elif part >= WARN_AT and task.warned_at != task.grants:
        task.warned_at = task.grants
        text = f"most of its budget is used: {in_words(task.budget, task.grants, used)}"
        about = {"budget": task.budget, "grants": task.grants}
        history.record(
            task, EventType.WARNING, text, now, stage_index=attempt.stage_index, data=about
        )


def sweep(now: datetime) -> int:
    """Look at the tasks that work and whose minutes are bounded. Returns how many there are.
    Commits for each.
    """
    bounded = Task.budget["minutes"].is_not(None)
    query = select(Task.id).where(Task.status == TaskStatus.RUNNING, bounded).order_by(Task.id)
    working = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in working:
        held = locks.task_with_machine(task_id)
        if held.live and held.machine and held.task.status is TaskStatus.RUNNING:
            look(held.machine, held.task, held.live, now)
            bus.wake_machines([held.machine.id] if held.live.suspends else [])
        db.session.commit()
    return len(working)
