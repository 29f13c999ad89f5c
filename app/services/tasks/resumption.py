"""Resuming tasks after an answer or a wait: where they are, or elsewhere.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from datetime import datetime

from app import wakeups
from app.domain import protection, sandbox
from app.domain.attempt import AttemptPhase, ResumeTarget, choose_resume_target
from app.domain.machine import MachineStatus
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.services import locks
from app.services.locks import LockedTask
from app.services.tasks import attempts, history, transitions


def resume(locked: LockedTask) -> None:
    """Resume the task: its attempt, in the middle of a stage with the next run of that; or a new
    one from the queue.
    """
    task, now = locked.task, locked.now
    if not locked.has_live_attempt:
        # No machine has the task: it is (or goes) in the queue, and is dispatched now.
        if task.status is not TaskStatus.QUEUED:
            transitions.apply_event(task, TaskEvent.REQUEUE, now)
        wakeups.wake_dispatch()
    elif resume_answered(locked) is not ResumeTarget.ELSEWHERE:
        attempt = locked.attempt
        if attempt.mid_stage:
            attempt.mid_stage, attempt.run = False, attempt.run + 1
        # Without a slot it waits: dispatch gives it the next one.
        attempt.phase = AttemptPhase.PUBLISH if attempt.pushes else AttemptPhase.RUN
        transitions.apply_event(task, TaskEvent.RESUME, now)
        at = task.stage_index
        what = "the push" if attempt.pushes else f"“{task.pipeline[at]['name']}”"
        text = f"continues with {what}"
        history.record_event(task, EventType.RESUMED, text, now, stage_index=at)


def requeue_disallowed(task_id: int, number: int, now: datetime) -> None:
    """Start a new attempt for a task whose project was protected after its machine was chosen:
    that machine may no longer have its work or its secrets. Commits.
    """
    locked = locks.lock_task(task_id, now)
    is_live = locked.has_live_attempt and locked.attempt.number == number
    if is_live and not _is_allowed(locked):
        why = f"its project is protected, and {locked.machine.name} isn't one of its machines"
        attempts.requeue_from_checkpoint(locked, why, gone=False)
        locked.wake_machine()  # to stop what may run of it anyway
    db.session.commit()


def _is_allowed(locked: LockedTask) -> bool:
    allowed = locked.task.placement.allowed_machines
    return protection.is_machine_allowed(allowed, str(locked.machine.id))


def resume_answered(locked: LockedTask) -> ResumeTarget:
    """Resume an answered attempt, and return where.

    Here, with a slot; or elsewhere, and then it has ended, and its task is queued. One that must
    wait is left alone: a dispatcher pass tries again.
    """
    attempt, machine = locked.attempt, locked.machine
    why_not = _refusal_reason(locked)
    where = choose_resume_target(
        is_allowed=_is_allowed(locked),
        takes_work=why_not is None,
        has_checkpoint=attempts.is_pushed(locked.task, attempt),
        # A push is short, and doesn't wait for a slot.
        has_free_slot=machine.slots_used < machine.slots_total or attempt.pushes > 0,
    )
    match where:
        case ResumeTarget.HERE:
            attempts.occupy_slot(machine, attempt)
        case ResumeTarget.ELSEWHERE:
            attempts.requeue_from_checkpoint(locked, why_not or "", gone=True)
    return where


def _refusal_reason(locked: LockedTask) -> str | None:
    """Return why the machine takes no work of the task now; None if it does."""
    task, machine = locked.task, locked.machine
    if not sandbox.is_sufficient(machine.sandbox_level, task.project.min_sandbox):
        return f"{machine.name} lacks the required sandbox"
    if not task.placement.matches(str(machine.id), machine.all_labels):
        return f"{machine.name} isn't one of the machines that can take it"
    is_there = machine.connected and machine.status is MachineStatus.ONLINE
    return None if is_there else f"{machine.name} isn't accepting work"
