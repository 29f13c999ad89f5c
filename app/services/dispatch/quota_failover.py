"""Tasks that wait for their agent's account: some can move to another machine."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain import scheduling
from app.domain.quota import QuotaWaits
from app.domain.scheduling import Candidate
from app.domain.task import SuspendReason
from app.extensions import db
from app.models import Project, Task
from app.services import locks, settings
from app.services.dispatch import candidates
from app.services.locks import LockedTask
from app.services.tasks import attempts, suspensions


def move_waiting_tasks(now: datetime) -> int:
    """Queue the tasks whose projects allow the move, from the middle of their stage, and that
    another machine can take now.

    Returns the number of checked tasks. Commits for each task.
    """
    query = (
        select(Task)
        .join(Task.project)
        .options(joinedload(Task.project))
        .where(Task.resume_at > now, Task.suspend_reason == SuspendReason.QUOTA)
        .where(Project.quota_failover, Task.requested_machine_id.is_(None))
        .order_by(Task.priority.desc(), Task.id)
        .limit(100)
    )
    waiting = list(db.session.scalars(query))
    machines = candidates.list_candidates() if waiting else []
    able = [task.id for task in waiting if _can_take(task, machines, now)]
    db.session.rollback()
    for task_id in able:
        _requeue(locks.lock_task(task_id, now))
    return len(waiting)


def _can_take(task: Task, machines: list[Candidate], now: datetime) -> bool:
    if task.resume_at is None:
        return False
    waits = _waits_with_avoided(task, task.resume_at, now)
    request = candidates.request_from_task(task, waits.avoided_machines(now))
    limit = settings.value("maxLoadPercent")
    return any(scheduling.block_reason(request, each, now, limit) is None for each in machines)


def _waits_with_avoided(task: Task, until: datetime, now: datetime) -> QuotaWaits:
    return QuotaWaits.from_json(task.quota).with_avoided(str(task.machine_id), until, now)


def _requeue(locked: LockedTask) -> None:
    task = locked.task
    until = task.resume_at if suspensions.is_waiting_for_quota(task) else None
    is_movable = locked.has_live_attempt and attempts.is_pushed(task, locked.attempt)
    if until is None or not is_movable or suspensions.has_open_tunnel(locked):
        db.session.rollback()
        return
    task.quota = _waits_with_avoided(task, until, locked.now).to_json()
    why = f"{task.agent_type} is out of quota on {locked.machine.name}"
    attempts.requeue_from_checkpoint(locked, why, gone=True)
    task.resume_at = None
    locked.wake_machine()
    db.session.commit()
