"""Machines that have gone on while their server was made anew of a backup.

They bring what they have reported since (their journals keep it), and that takes effect as ever,
where the rows know the attempt or can (`take_up`). What the old server has ordered after an answer
that is not in the rows is nobody's word any more: `part`. docs/decisions/0071 has the whole table.
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
from app.services.tasks import attempts, branches, history, transitions
from app.services.tasks.stages import LiveAttempt
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

# Of one server process, once: until then nobody could be heard.
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
    """Note that a server is there since its restoring, so that machines have their time from now.
    The old server may have promised them as long. Nothing happens the second time. The caller
    commits.
    """
    until = now + timedelta(seconds=current_app.config["LEASE_SECONDS"])
    db.session.execute(_START_GRACE_PERIOD, {"now": now, "until": until})


def max_restored_attempt() -> int:
    """The highest number that an attempt of before the restoring can have; 0 where there was
    none.
    """
    return db.session.scalar(select(ServerIdentity.attempts_from)) or 0


def readmit_machine(machine: Machine, hello: frames.Hello, now: datetime) -> None:
    """Let an awaited machine be one as ever, and have those of its attempts in the rows which were
    given after the backup, and whose tasks wait in the queue: else these would be done twice. With
    those that it had already they are no more than its slots, which what is published does not
    need: a taken-over one may name any task.

    The caller holds the machine's lock, and commits before it locks anything else.
    """
    machine.is_expected = False
    has = {AttemptKey(each.task_id, each.attempt) for each in hello.attempts if _needs_slot(each)}
    free = machine.slots_total
    for attempt in attempts.live_attempts_on(machine.id):
        attempt.uncounted = True  # whatever has become of it: a server was away, and does not know
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
    """Whether a stage of it runs or has come to an end, or its push: nothing that was stopped."""
    at_work = tracked.state in ("working", "publishing", "published")
    return at_work or tracked.ended_by in ("exit", "signal", "timeout")


def _needs_slot(tracked: frames.TrackedAttempt) -> bool:
    """Whether more may be ordered of it than that it is forgotten."""
    return _has_work(tracked) and tracked.state != "published"


def _can_have_task(machine: Machine, hello: frames.Hello, task: Task) -> bool:
    """Whether the rows could have given it the task, by what it says that it has."""
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
    why = f"{machine.name} has it already, by the server of before its restoring"
    about = {"machineId": str(machine.id)}
    index = task.current_stage_index
    history.record_event(task, EventType.ASSIGNED, why, now, stage_index=index, data=about)


def is_ahead(live: LiveAttempt, body: frames.Body) -> bool:
    """Whether the machine was ordered more of an attempt than the rows know, which only a server of
    before its restoring can have done.
    """
    at = live.attempt
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


def end_ahead_attempt(live: LiveAttempt) -> None:
    """End an attempt that is ahead: its task goes on as by the rows, in another one, once nothing
    of this one runs any more.
    """
    machine, task, attempt = live.machine, live.task, live.attempt
    attempts.occupy_slot(machine, attempt)
    why = f"{machine.name} went on by orders that are not in the backup this server is made of"
    attempts.requeue_from_checkpoint(machine, task, attempt, why, live.now, gone=False)
