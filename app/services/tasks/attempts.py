"""An attempt's fence and slot, and what happens to a task whose attempt has ended.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_

from app import wakeups
from app.domain import notification_rules, restart, send_back, storage_limits
from app.domain.attempt import (
    AttemptOutcome,
    AttemptPhase,
    checkpoint_prefix,
    is_loss_counted,
)
from app.domain.task import EventType, FailureCode, Loss, TaskEvent, TaskStatus, event_after_loss
from app.extensions import db
from app.models import Attempt, Gate, Machine, Task
from app.services import settings
from app.services.locks import LockedTask
from app.services.tasks import (
    follow_up_queue,
    history,
    message_queue,
    questions,
    transcript_updates,
    transitions,
)
from muster.protocol import runs
from muster.protocol.attempt_key import AttemptKey


def bump_orders_version(machine: Machine) -> None:
    """Record that the machine's orders have changed, by which its connection compares them."""
    machine.orders_version += 1


def free_slot(machine: Machine, attempt: Attempt) -> None:
    """Free the attempt's slot, if it has one: none of its processes run. Wakes the dispatcher."""
    if attempt.has_slot:
        attempt.has_slot = False
        machine.slots_used -= 1
        wakeups.wake_dispatch()


def occupy_slot(machine: Machine, attempt: Attempt) -> None:
    """Give the attempt a slot, even if none is free, unless it has one. Changes the orders."""
    if not attempt.has_slot:
        attempt.has_slot = True
        machine.slots_used += 1
        bump_orders_version(machine)


def try_occupy_slot(machine: Machine, attempt: Attempt) -> bool:
    """Give the attempt a slot if the machine has a free one. Returns whether it did."""
    if machine.slots_used >= machine.slots_total:
        return False
    machine.slots_used += 1
    attempt.has_slot = True
    return True


def attempts_not_on(machine_id: uuid.UUID, named: Collection[AttemptKey]) -> set[AttemptKey]:
    """Return those of the named attempts that aren't the machine's, or should be deleted by now."""
    if not named:
        return set()
    query = select(Attempt.task_id, Attempt.number).where(
        tuple_(Attempt.task_id, Attempt.number).in_(named),
        Attempt.machine_id == machine_id,
        Attempt.forgotten_at.is_(None),
    )
    return set(named) - {(row.task_id, row.number) for row in db.session.execute(query)}


def finish(locked: LockedTask, outcome: AttemptOutcome, *, gone: bool) -> None:
    """End the attempt: later reports of its machine have no effect.

    `gone` means that the machine confirmed that nothing of it runs, which frees the slot.
    """
    attempt = locked.attempt
    attempt.ended_at = locked.now
    attempt.outcome = outcome
    if attempt.running_entries:
        transcript_updates.stop_running(attempt)
    if outcome in (AttemptOutcome.LOST, AttemptOutcome.HANDED_OVER):
        # Whether a lost one's agent has got what it was sent matters if there is no other.
        is_lost = outcome is AttemptOutcome.LOST
        message_queue.release(locked.task, attempt, prompts_only=is_lost)
    if outcome is not AttemptOutcome.LOST:  # which may come back with the rest of its log
        attempt.pending_exit = None
    attempt.forget_at = locked.now + timedelta(seconds=settings.value("workspaceSeconds"))
    attempt.max_stored_bytes = attempt.stored_bytes + storage_limits.MAX_LATE_BYTES
    if gone:
        free_slot(locked.machine, attempt)
    bump_orders_version(locked.machine)


def fail(locked: LockedTask, code: str, message: str, *, gone: bool) -> None:
    """End the attempt as failed, and fail its task. `gone` as in `finish`."""
    finish(locked, AttemptOutcome.FAILED, gone=gone)
    index = locked.attempt.stage_index
    transitions.fail(locked.task, code, message, locked.now, stage_index=index)


def cancel(locked: LockedTask, why: str, *, by: int, gone: bool) -> None:
    """Cancel the task for that developer, and end its live attempt. `gone` as in `finish`."""
    task, now = locked.task, locked.now
    if locked.has_live_attempt:
        finish(locked, AttemptOutcome.CANCELLED, gone=gone)
    transitions.apply_event(task, TaskEvent.CANCEL, now, by=by)
    follow_up_queue.withdraw_all(task)
    index = task.current_stage_index
    history.record_event(task, EventType.CANCELLED, why, now, stage_index=index, by=by)


def mark_lost(locked: LockedTask, why: str, *, gone: bool, counts: bool = True) -> None:
    """End the attempt as lost; its task is queued again, or fails after `maxAttempts` losses in a
    round.

    `gone` as in `finish`. `counts` is false for an attempt that never started: nothing was tried.
    """
    task, attempt = locked.task, locked.attempt
    attempt.uncounted = attempt.uncounted or not counts
    finish(locked, AttemptOutcome.LOST, gone=gone)
    about = {"machineId": str(attempt.machine_id), "uncounted": attempt.uncounted}
    history.record_attempt_event(locked, EventType.MACHINE_LOST, why, **about)
    questions.withdraw(locked, "its attempt is lost")
    limit = task.project.max_attempts
    is_counted = is_loss_counted(attempt.phase, excused=attempt.uncounted)
    number = _count_lost_in_round(task) if is_counted else 0
    event = event_after_loss(
        task.status, task.suspend_reason, Loss.ATTEMPT, lost=number, limit=limit
    )
    if event is TaskEvent.FAIL:
        text, index = (
            f"{why}; {limit} attempts were lost" if limit > 1 else why,
            attempt.stage_index,
        )
        transitions.fail(task, FailureCode.MACHINE_LOST, text, locked.now, stage_index=index)
    else:
        requeue(locked, current_stage_index(locked), why)


def requeue_from_checkpoint(locked: LockedTask, why: str, *, gone: bool) -> None:
    """End the attempt and queue its task, to resume where it is or from its last checkpoint."""
    questions.withdraw(locked, "its attempt resumes elsewhere")
    finish(locked, AttemptOutcome.HANDED_OVER, gone=gone)
    requeue(locked, current_stage_index(locked), why)


def is_pushed(task: Task, attempt: Attempt) -> bool:
    """Whether another machine can resume all work before the attempt's stage, and in its earlier
    runs.
    """
    at = attempt.stage_index
    if attempt.pushes > 0:
        return str(at) in task.checkpoints
    known = (task.partial or {}) if partial_index(task) == at else {}
    if attempt.mid_stage or runs.is_continued(attempt.run):
        own = checkpoint_prefix(attempt.task_id, attempt.number)
        return "isTurn" not in known and known.get("ref", "").startswith(own)
    if send_back.find_turn(task.turns, at):
        return bool(known)
    return at == 0 or str(at - 1) in task.checkpoints


def current_stage_index(locked: LockedTask) -> int:
    """Return the index of the attempt's stage; the number of stages if only the push is left."""
    task, attempt = locked.task, locked.attempt
    is_over = attempt.phase is AttemptPhase.PUBLISH or attempt.pushes > 0
    return len(task.pipeline) if is_over else attempt.stage_index


def is_unstarted(attempt: Attempt) -> bool:
    """Whether none of the attempt's stages has started. (An attempt that starts with the push
    may have pushed.)
    """
    return attempt.phase is AttemptPhase.RUN and attempt.started_at is None


def is_lost(attempt: Attempt) -> bool:
    """Whether the attempt has ended as lost."""
    return attempt.outcome is AttemptOutcome.LOST


def is_restorable(locked: LockedTask) -> bool:
    """Whether the task failed because this attempt was lost, and nothing has happened since."""
    task, attempt = locked.task, locked.attempt
    failure = task.failure or {}
    return (
        is_lost(attempt)
        and (task.attempt, task.round) == (attempt.number, attempt.round)
        and task.status is TaskStatus.FAILED
        and failure.get("code") == FailureCode.MACHINE_LOST
        and task.project.deleted_at is None
    )


def restore(locked: LockedTask) -> None:
    """Resume a lost attempt whose machine has delivered the missing result."""
    attempt, machine = locked.attempt, locked.machine
    attempt.ended_at = attempt.outcome = attempt.forget_at = attempt.max_stored_bytes = None
    if not attempt.has_slot:
        try_occupy_slot(machine, attempt)  # if none is free, dispatch gives it the next one
    bump_orders_version(machine)
    drop_checkpoints_from(locked.task, attempt.stage_index + 1)  # of a turn that isn't over
    transitions.apply_event(locked.task, TaskEvent.RESTORE, locked.now)


def requeue(locked: LockedTask, stage_index: int, why: str) -> None:
    """Queue the task to resume at that stage, or at the latest one before it that can be resumed.

    A `stage_index` equal to the number of stages means the push. Questions and answers of the round
    stay; those about lost work are withdrawn, and will be asked again. Checkpoints of stages that
    run again are dropped: they don't belong to the new work.
    """
    task, now = locked.task, locked.now
    if task.partial is None and send_back.unfinished_work(task.turns, task.checkpoints):
        transitions.set_partial(task, send_back.to_partial(task.turns[-1]))
    asked, pushed = _gates_of_round(task), _checkpoints(task)
    plan = restart.find_restart(stage_index, pushed, asked, partial_index(task))
    start = plan.stage_index
    drop_checkpoints_from(task, start)
    for index in plan.withdrawn:
        _withdraw_gate(task, asked[index], now, "its work is lost and will be done again")
    if locked.assignment is not None:
        message_queue.release(task, locked.attempt)
    message_queue.settle(task, start, now)
    transitions.apply_event(task, TaskEvent.REQUEUE, now, stage_index=start)
    is_over = start == len(task.pipeline)
    what = "push its branch" if is_over else f"resume at stage “{task.pipeline[start]['name']}”"
    history.record_event(
        task,
        EventType.REQUEUED,
        f"queued again, to {what}: {why}",
        now,
        stage_index=task.current_stage_index,
        data={"machineId": str(task.machine_id), "reason": why},
    )


def has_checkpoints(known: Mapping[str, Any], task_id: int, number: int) -> bool:
    """Whether the task can resume from one of this attempt's checkpoints."""
    own = checkpoint_prefix(task_id, number)
    return any(checkpoint["ref"].startswith(own) for checkpoint in known.values())


def drop_checkpoints(task: Task, number: int) -> None:
    """Drop this attempt's checkpoints: the task no longer resumes from them."""
    own = checkpoint_prefix(task.id, number)
    task.checkpoints = {
        index: known
        for index, known in task.checkpoints.items()
        if not known["ref"].startswith(own)
    }


def drop_checkpoints_from(task: Task, stage_index: int) -> None:
    """Drop the checkpoints of that stage and of all later ones, which run again."""
    task.checkpoints = {k: v for k, v in task.checkpoints.items() if int(k) < stage_index}


def partial_index(task: Task) -> int | None:
    """Return the stage with a checkpoint in its middle."""
    return task.partial["stageIndex"] if task.partial else None


def _checkpoints(task: Task) -> set[int]:
    return {int(index) for index in task.checkpoints}


def _count_lost_in_round(task: Task) -> int:
    db.session.flush()
    query = select(func.count()).where(
        Attempt.task_id == task.id,
        Attempt.round == task.round,
        Attempt.outcome == AttemptOutcome.LOST,
        ~Attempt.uncounted,
    )
    return db.session.scalar(query) or 0


def _gates_of_round(task: Task) -> dict[int, Gate]:
    db.session.flush()  # a question may be as new as this batch of reports
    query = select(Gate).where(Gate.task_id == task.id, Gate.round == task.round, Gate.number == 0)
    return {gate.stage_index: gate for gate in db.session.scalars(query)}


def withdraw_gates_after(task: Task, stage_index: int, now: datetime, why: str) -> None:
    """Withdraw the gates of later stages: they will be asked again, about other work."""
    for index, gate in sorted(_gates_of_round(task).items()):
        if index > stage_index:
            _withdraw_gate(task, gate, now, why)


def _withdraw_gate(task: Task, gate: Gate, now: datetime, why: str) -> None:
    """Delete a gate, so that it's asked again. An answer stays in the history."""
    what = "question" if gate.answered_at is None else "answer"
    text = f"the {what} is withdrawn: {why}"
    about = {notification_rules.WITHDRAWN: True}
    history.record_event(
        task, EventType.WARNING, text, now, stage_index=gate.stage_index, data=about
    )
    db.session.delete(gate)
