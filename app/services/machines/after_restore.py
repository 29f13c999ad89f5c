"""Machines that continued working while their server was restored from a backup.

They send what they have reported since (their journals keep it), which takes effect as usual if the
rows know the attempt or can (`readmit_machine`). What the old server ordered after an answer that
isn't in the rows no longer applies: `end_ahead_attempt`. docs/decisions/0071 has the complete
table.
"""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import exists, select, text

from app.domain import labels, sandbox
from app.domain.attempt import AttemptPhase
from app.domain.machine import IN_DRAIN
from app.domain.sandbox import SandboxLevel
from app.domain.task import EventType, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Attempt, Gate, Machine, ServerIdentity, Task
from app.services import locks
from app.services.locks import LockedTask
from app.services.tasks import attempts, branches, history, transitions
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

# Once per server process: until then, no machine could connect.
_START_GRACE_PERIOD = text("""
    WITH begun AS (
        UPDATE server_identity SET machines_expected_until = :until
        WHERE restored_at IS NOT NULL AND machines_expected_until IS NULL RETURNING is_only
    )
    UPDATE machine_heartbeats AS h
    SET received_at = :now, lease_until = greatest(h.lease_until, :until)
    FROM machines AS m, begun
    WHERE m.id = h.machine_id AND m.is_expected
""")


def start_grace_period(now: datetime) -> None:
    """Record that the restored server runs, which starts the machines' time to reconnect.

    The old server may have promised them as long. Later calls do nothing. The caller commits.
    """
    until = now + timedelta(seconds=current_app.config["LEASE_SECONDS"])
    db.session.execute(_START_GRACE_PERIOD, {"now": now, "until": until})


def max_restored_attempt() -> int:
    """Return the highest attempt number that can be older than the restore; 0 if there was none."""
    return db.session.scalar(select(ServerIdentity.attempts_from)) or 0


def readmit_machine(machine: Machine, hello: frames.Hello, now: datetime) -> None:
    """Readmit an expected machine, and create the rows of its attempts from after the backup whose
    tasks wait in the queue: otherwise these would run twice.

    Together with its known attempts they are limited to its slots, except those that only publish:
    a compromised machine may name any task. The caller holds the machine's lock, and commits before
    it locks anything else.
    """
    machine.is_expected = False
    has = {AttemptKey(each.task_id, each.attempt) for each in hello.attempts if _needs_slot(each)}
    free = machine.slots_total
    for attempt in locks.live_attempts_on(machine.id):
        attempt.uncounted = True  # whatever its end: the server was down and doesn't know it
        free -= attempt.has_slot and AttemptKey(attempt.task_id, attempt.number) in has
    most = max_restored_attempt()
    tracked = {each.task_id: each for each in sorted(hello.attempts, key=lambda each: each.attempt)}
    tasks = locks.lock_tasks(
        [t for t, each in tracked.items() if _has_work(each) and each.attempt <= most]
    )
    for task_id, task in sorted(tasks.items()):
        its, takes = tracked[task_id], _needs_slot(tracked[task_id])
        if free >= takes and its.attempt > task.attempt and _can_have_task(machine, hello, task):
            _restore_attempt(machine, task, its.attempt, now)
            free -= takes


def _has_work(tracked: frames.TrackedAttempt) -> bool:
    """Whether one of its stages, or its push, runs or has ended by itself: nothing that was
    stopped.
    """
    at_work = tracked.state in ("working", "publishing", "published")
    return at_work or tracked.ended_by in ("exit", "signal", "timeout")


def _needs_slot(tracked: frames.TrackedAttempt) -> bool:
    """Whether it needs further orders other than to be deleted."""
    return _has_work(tracked) and tracked.state != "published"


def _can_have_task(machine: Machine, hello: frames.Hello, task: Task) -> bool:
    """Whether the rows could have given it the task, by its own report."""
    project, wanted, place = task.project, task.requested_machine_id, task.placement
    level = SandboxLevel(hello.sandbox.level) if hello.sandbox else None
    its = labels.effective_labels(hello.labels, machine.admin_labels)
    asks = exists().where(
        Gate.task_id == task.id, Gate.round == task.round, Gate.answered_at.is_(None)
    )
    return (
        task.status is TaskStatus.QUEUED
        and project.deleted_at is None
        and wanted in (None, machine.id)
        and machine.status not in IN_DRAIN
        and task.agent_type in {each.agent_type for each in hello.capabilities}
        and sandbox.is_sufficient(level, place.min_sandbox)
        and place.matches(str(machine.id), its)
        and not db.session.scalar(select(asks))
    )


def _restore_attempt(machine: Machine, task: Task, number: int, now: datetime) -> None:
    is_over = task.stage_index >= len(task.pipeline)
    attempt = Attempt(
        task_id=task.id,
        number=number,
        round=task.round,
        machine_id=machine.id,
        phase=AttemptPhase.PUBLISH if is_over else AttemptPhase.RUN,
        stage_index=task.current_stage_index,
        has_slot=True,
        assigned_at=now,
        accepted_at=now,
    )
    if is_over:
        branches.record_pushed_commit(task, attempt)
    db.session.add(attempt)
    machine.slots_used += 1
    attempts.bump_orders_version(machine)
    task.attempt, task.machine_id = number, machine.id
    transitions.apply_event(task, TaskEvent.ASSIGN, now)
    why = f"{machine.name} already has it, from the server before the restore"
    about = {"machineId": str(machine.id)}
    index = task.current_stage_index
    history.record_event(task, EventType.ASSIGNED, why, now, stage_index=index, data=about)


def is_ahead(locked: LockedTask, body: frames.Body) -> bool:
    """Whether the machine was ordered more of an attempt than the rows know, which only the
    server before the restore can have done.
    """
    at = locked.attempt
    if at.ended_at is not None or at.number > max_restored_attempt():
        return False
    match body:
        case frames.StageStarted() | frames.StageFinished() | frames.Suspended():
            reported, known = (body.stage_index, body.run), (at.stage_index, at.run)
            return reported > known or (at.phase is not AttemptPhase.RUN and reported == known)
        case frames.Published():
            return at.phase is not AttemptPhase.PUBLISH
        case frames.PublishPreview() | frames.BranchRefused():
            return at.phase is not AttemptPhase.PUBLISH or body.number > at.pushes
    return False


def end_ahead_attempt(locked: LockedTask) -> None:
    """End an attempt that is ahead: its task continues by the rows, in another one, once nothing
    of this one runs.
    """
    attempts.occupy_slot(locked.machine, locked.attempt)
    why = (
        f"{locked.machine.name} followed orders that aren't in the backup that this server was "
        "restored from"
    )
    attempts.requeue_from_checkpoint(locked, why, gone=False)
