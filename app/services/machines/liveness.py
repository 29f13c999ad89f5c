"""Machines that are not heard: they are noticed, heard again or given up, and their tasks with
them.
"""

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
from app.services.machines import server_processes
from app.services.machines import transitions as machine_transitions
from app.services.tasks import attempts, history, questions, stages, transitions


def detect_silent(now: datetime) -> int:
    """Take machines that have not been heard for too long for silent: they are offline, and their
    tasks wait. Returns how many there were. Commits for each machine.
    """
    limit = timedelta(seconds=current_app.config["SILENCE_SECONDS"])
    # A draining machine stays draining when it is not heard, but its tasks wait all the same.
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
        db.session.rollback()  # it spoke while we waited for the lock
        return
    machine_transitions.apply_event(machine, MachineEvent.TIME_OUT, now)
    # In an outage of ours a machine may only not have found its way back yet.
    could_speak = heartbeat is None or server_processes.was_server_reachable(
        heartbeat.received_at, now, limit / 2
    )
    for attempt in attempts.live_attempts_on(machine.id):
        _suspend_task(machine, attempt, now, could_speak)
    db.session.commit()


def _suspend_task(machine: Machine, attempt: Attempt, now: datetime, could_speak: bool) -> None:
    """Let the task of an attempt on a silent machine wait, or give up an attempt that never began.
    The caller holds the machine's lock.
    """
    task = locks.lock_tasks([attempt.task_id])[attempt.task_id]
    why = f"{machine.name} has not been heard of"
    if event := event_after_loss(task.status, task.suspend_reason, Loss.CONTACT):
        transitions.apply_event(task, event, now)
        about = {"machineId": str(machine.id)}
        history.record_event(
            task, EventType.MACHINE_LOST, why, now, stage_index=attempt.stage_index, data=about
        )
    elif could_speak and attempts.is_unstarted(attempt) and not machine.is_expected:
        # No stage of it began. The slot stays taken until the machine says that nothing runs. What
        # was not even accepted does not count; an accepted one may be what took the machine down.
        was_taken = attempt.accepted_at is not None
        attempts.mark_lost(machine, task, attempt, why, now, gone=False, counts=was_taken)


def recover_machine(machine_id: uuid.UUID, generation: int, now: datetime) -> None:
    """Let the tasks of a machine run again that was taken for silent and has spoken on the same
    connection. Commits, or rolls back where another connection speaks for the machine now.
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
    # It has not said what it holds: no slot is freed here.
    live = attempts.live_attempts_on(machine_id)
    tasks = locks.lock_tasks({attempt.task_id for attempt in live})
    for attempt in live:
        recover_task(machine, tasks[attempt.task_id], attempt, now)
    attempts.bump_orders_version(machine)
    wakeups.wake_dispatch()
    db.session.commit()


def recover_task(machine: Machine, task: Task, attempt: Attempt, now: datetime) -> None:
    """Let a task run again that waited for this machine, which still has its attempt; or wait for
    the answer that its agent waits for. The caller holds both locks, and commits.
    """
    if stages.is_out_of_contact(task):
        transitions.apply_event(task, TaskEvent.RECONNECT, now)
        about = {"machineId": str(machine.id)}
        history.record_event(
            task, EventType.MACHINE_BACK, f"{machine.name} is back", now, data=about
        )
        questions.resuspend(task, attempt, now)


def expire_leases(now: datetime) -> int:
    """End the attempts of machines whose lease is over. Returns how many were looked at. Commits
    for each attempt.
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
    held = locks.lock_task_and_machine(task_id)
    machine_id = held.machine.id if held.machine else None
    heartbeat = db.session.get(MachineHeartbeat, machine_id, populate_existing=True)
    if (
        held.live is None
        or held.machine is None
        or heartbeat is None
        or heartbeat.lease_until >= now
    ):
        db.session.rollback()
        return
    in_time = server_processes.was_server_reachable(heartbeat.received_at, heartbeat.lease_until)
    if not in_time and not server_processes.was_server_reachable(heartbeat.received_at, now):
        db.session.rollback()  # we have only just come back ourselves: it may bring the result
        return
    why = f"{held.machine.name} did not come back in time"
    attempts.mark_lost(held.machine, held.task, held.live, why, now, gone=False, counts=in_time)
    db.session.commit()
