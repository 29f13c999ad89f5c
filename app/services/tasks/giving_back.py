"""Attempts that a machine gives back: it could begin nothing. A stage that never began is not one
that failed.
"""

from datetime import datetime

from app.domain import wellness
from app.domain.attempt import AttemptPhase
from app.models import Attempt, Machine, Task
from app.services.tasks import attempts


def take(machine: Machine, task: Task, attempt: Attempt, words: str, now: datetime) -> bool:
    """Queue the task again, and give the machine no work until it says that it is well, or for a
    while. Returns False where this machine has the only copy of the task's work: nobody else could
    go on. The caller holds the locks of both, and commits.
    """
    machine.capabilities = wellness.unwell(machine.capabilities, now)
    return hand_on(machine, task, attempt, f"{machine.name} could not begin it: {words}", now)


def hand_on(machine: Machine, task: Task, attempt: Attempt, why: str, now: datetime) -> bool:
    """Queue the task again, which the dispatcher will not give to this machine as it is now.
    Otherwise as `take`.
    """
    if not _is_all_pushed(task, attempt):
        return False
    attempts.hand_over(machine, task, attempt, why, now, gone=True)
    return True


def _is_all_pushed(task: Task, attempt: Attempt) -> bool:
    if attempt.phase is AttemptPhase.PUBLISH:
        return str(attempt.stage_index) in task.checkpoints
    return attempts.is_pushed(task, attempt)
