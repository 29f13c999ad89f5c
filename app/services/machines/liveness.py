"""Silent machines: detected, recovered or given up, and their tasks with them."""

import uuid
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import exists, or_, select

from app import wakeups
from app.domain.machine import MachineEvent, MachineStatus, is_silent
from app.domain.task import EventType, Loss, SuspendReason, TaskEvent, TaskStatus, event_after_loss
from app.extensions import db
from app.models import Attempt, Machine, MachineHeartbeat, Task
from app.services import locks
from app.services.locks import LockedTask
from app.services.machines import server_processes
from app.services.machines import transitions as machine_transitions
from app.services.tasks import attempts, history, questions, stages, transitions


def detect_silent(now: datetime) -> int:
    """Mark machines without recent heartbeats as silent: they are offline, and their tasks wait.

    Returns their number. Commits for each machine.
    """
    limit = timedelta(seconds=current_app.config["SILENCE_SECONDS"])
    # A draining machine stays draining when it's silent, but its tasks still wait.
    at_work = or_(Task.status == TaskStatus.RUNNING, Task.suspend_reason == SuspendReason.QUESTION)
    is_running = exists().where(Task.machine_id == Machine.id, at_work)
    query = (
        select(Machine.id)
        .join(MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id, isouter=True)
        .where(
            or_(Machine.status == MachineStatus.ONLINE, Machine.connected, is_running),
            or_(MachineHeartbeat.received_at.is_(None), MachineHeartbeat.received_at < now - limit),
        )
        .order_by(Machine.id)
    )
    silent = list(db.session.scalars(query))
    db.session.rollback()
    for machine_id in silent:
        _mark_silent(machine_id, now, limit)
    return len(silent)


def _mark_silent(machine_id: uuid.UUID, now: datetime, limit: timedelta) -> None:
    machine = locks.lock_machine(machine_id)
    heartbeat = db.session.get(MachineHeartbeat, machine_id, populate_existing=True)
    if machine is None or not is_silent(heartbeat.received_at if heartbeat else None, now, limit):
        db.session.rollback()  # it sent a heartbeat while we waited for the lock
        return
    machine_transitions.apply_event(machine, MachineEvent.TIME_OUT, now)
    # During an outage of ours, a machine may just not have reconnected yet.
    could_speak = heartbeat is None or server_processes.was_server_reachable(
        heartbeat.received_at, now, limit / 2
    )
    for locked in locks.lock_live_attempts(machine, now):
        _suspend_task(locked, could_speak=could_speak)
    wakeups.publish_machine_status(machine.id)
    db.session.commit()


def _suspend_task(locked: LockedTask, *, could_speak: bool) -> None:
    """Suspend the task of an attempt on a silent machine, or give up an attempt that never
    started.
    """
    task, attempt, machine = locked.task, locked.attempt, locked.machine
    why = f"lost contact with {machine.name}"
    if event := event_after_loss(task.status, task.suspend_reason, Loss.CONTACT):
        transitions.apply_event(task, event, locked.now)
        history.record_attempt_event(locked, EventType.MACHINE_LOST, why, machineId=str(machine.id))
    elif could_speak and attempts.is_unstarted(attempt) and not machine.is_expected:
        # No stage of it started. The slot stays taken until the machine confirms that nothing runs.
        # An unaccepted attempt doesn't count; an accepted one may have crashed the machine.
        was_taken = attempt.accepted_at is not None
        attempts.mark_lost(locked, why, gone=False, counts=was_taken)


def recover_machine(machine_id: uuid.UUID, generation: int, now: datetime) -> None:
    """Resume the tasks of a machine that counted as silent and has sent a heartbeat on the same
    connection.

    Commits, or rolls back if the machine now has a newer connection.
    """
    machine = locks.lock_machine(machine_id)
    if (
        machine is None
        or machine.generation != generation
        or machine.status is MachineStatus.DECOMMISSIONED
    ):
        db.session.rollback()
        return
    machine_transitions.apply_event(machine, MachineEvent.CONNECT, now)
    # It hasn't reported its attempts: no slot is freed here.
    for locked in locks.lock_live_attempts(machine, now):
        recover_task(locked)
    attempts.bump_orders_version(machine)
    wakeups.publish_machine_status(machine.id)
    wakeups.wake_dispatch()
    db.session.commit()


def recover_task(locked: LockedTask) -> None:
    """Resume a task that waited for this machine, which still has its attempt, or wait for its
    agent's answer again.

    The caller commits.
    """
    task, machine, now = locked.task, locked.machine, locked.now
    if stages.is_out_of_contact(task):
        transitions.apply_event(task, TaskEvent.RECONNECT, now)
        about = {"machineId": str(machine.id)}
        history.record_event(
            task, EventType.MACHINE_BACK, f"{machine.name} is back", now, data=about
        )
        questions.resuspend(locked)


def expire_leases(now: datetime) -> int:
    """End the attempts of machines whose lease has expired. Returns the number of checked
    attempts. Commits for each attempt.
    """
    query = (
        select(Attempt.task_id)
        .join(MachineHeartbeat, MachineHeartbeat.machine_id == Attempt.machine_id)
        .where(Attempt.ended_at.is_(None), MachineHeartbeat.lease_until < now)
        .order_by(Attempt.task_id)
    )
    lapsed = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in lapsed:
        _expire_lease(task_id, now)
    return len(lapsed)


def _expire_lease(task_id: int, now: datetime) -> None:
    locked = locks.lock_task(task_id, now)
    machine_id = locked.task.machine_id
    heartbeat = db.session.get(MachineHeartbeat, machine_id, populate_existing=True)
    if not locked.has_live_attempt or heartbeat is None or heartbeat.lease_until >= now:
        db.session.rollback()
        return
    in_time = server_processes.was_server_reachable(heartbeat.received_at, heartbeat.lease_until)
    if not in_time and not server_processes.was_server_reachable(heartbeat.received_at, now):
        db.session.rollback()  # the server just returned itself: the machine may bring the result
        return
    why = f"{locked.machine.name} did not return in time"
    attempts.mark_lost(locked, why, gone=False, counts=in_time)
    db.session.commit()
