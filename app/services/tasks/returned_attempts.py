"""Attempts that a machine returns because it couldn't start them. A stage that never started
hasn't failed.
"""

from sqlalchemy import func, select

from app.domain import machine_health
from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.extensions import db
from app.models import Attempt
from app.services.locks import LockedTask
from app.services.tasks import attempts

MAX_RETURNS = 5  # uncounted returns per task round and machine


def requeue_unhealthy(locked: LockedTask, words: str) -> bool:
    """Queue the task again, and give the machine no work until it reports healthy agents, or for a
    while.

    Returns False if this machine has the only copy of the task's work: no other could continue.
    After `MAX_RETURNS` returns the attempt counts as lost: otherwise, a machine that looks
    healthy would get the task forever. The caller commits.
    """
    machine, attempt = locked.machine, locked.attempt
    machine.capabilities = machine_health.mark_unhealthy(machine.capabilities, locked.now)
    if not _is_all_pushed(locked):
        return False
    why = f"{machine.name} couldn't start it: {words}"
    attempt.uncounted = _count_returned(locked) < MAX_RETURNS
    if attempt.uncounted:
        attempts.requeue_from_checkpoint(locked, why, gone=True)
    else:
        attempts.mark_lost(locked, why, gone=True)
    return True


def requeue(locked: LockedTask, why: str) -> bool:
    """Queue the task again, which the dispatcher won't give to this machine in its current
    state. Otherwise like `requeue_unhealthy`.
    """
    if not _is_all_pushed(locked):
        return False
    attempts.requeue_from_checkpoint(locked, why, gone=True)
    return True


def _count_returned(locked: LockedTask) -> int:
    """Return how many attempts of the task's round the machine has returned uncounted."""
    query = select(func.count()).where(
        Attempt.task_id == locked.task.id,
        Attempt.round == locked.task.round,
        Attempt.machine_id == locked.machine.id,
        Attempt.outcome == AttemptOutcome.HANDED_OVER,
        Attempt.uncounted,
    )
    return db.session.scalar(query) or 0


def _is_all_pushed(locked: LockedTask) -> bool:
    task, attempt = locked.task, locked.attempt
    if attempt.phase is AttemptPhase.PUBLISH:
        return str(attempt.stage_index) in task.checkpoints
    return attempts.is_pushed(task, attempt)
