"""Drains: a machine is emptied without losing work. It takes no new tasks, and its tasks end or
continue elsewhere.

The machine gets the drain as its status, in its orders; `drained` is the machine's own report.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select

from app import wakeups
from app.domain import drain as rules
from app.domain.attempt import AttemptPhase
from app.domain.drain import DrainAction
from app.domain.errors import NotFound
from app.domain.machine import IN_DRAIN, MachineEvent, is_disk_change
from app.domain.roles import Permission
from app.extensions import db
from app.models import Attempt, Developer, Machine, MachineHeartbeat
from app.services import audit, locks, rights, settings
from app.services.clock import now as clock_now
from app.services.machines import queries, transitions
from app.services.machines.drain_preview import to_drain_attempt
from app.services.machines.queries import MachineView
from app.services.tasks import attempts


def drain(
    actor: Developer,
    machine_id: uuid.UUID,
    *,
    note: str | None = None,
    deadline_seconds: int | None = None,
) -> MachineView:
    """Drain a machine. What runs on it may finish until the deadline, if there is one. Returns the
    machine. Commits.

    For a machine that is already draining, it changes the given note and deadline. Raises
    Forbidden, NotFound, MachineDecommissioned.
    """
    machine = _lock_machine(actor, machine_id)
    before = queries.audited_fields(machine)
    start_drain(machine, actor, clock_now(), note=note, deadline_seconds=deadline_seconds)
    after = queries.audited_fields(machine)
    audit.record("machine.drained", "machine", machine_id, actor=actor, before=before, after=after)
    db.session.commit()
    return queries.get(machine_id)


def undrain(actor: Developer, machine_id: uuid.UUID) -> MachineView:
    """Undrain a machine. Returns the machine. Commits.

    Raises Forbidden, NotFound, MachineDecommissioned.
    """
    machine = _lock_machine(actor, machine_id)
    before = queries.audited_fields(machine)
    end_drain(machine, clock_now())
    after = queries.audited_fields(machine)
    audit.record(
        "machine.undrained", "machine", machine_id, actor=actor, before=before, after=after
    )
    db.session.commit()
    return queries.get(machine_id)


def check_disk(machine_id: uuid.UUID, generation: int, percent: float, now: datetime) -> None:
    """Drain a machine whose disk is too full, or record that it has space again. Commits or rolls
    back.

    A person may undrain the machine in spite of its disk; then it isn't drained for that again
    until it had space.
    """
    machine = locks.lock_machine(machine_id)
    limit = settings.value("maxDiskPercent")
    if (
        machine is None
        or machine.generation != generation
        or not is_disk_change(machine.status, percent, limit, accepted=machine.disk_accepted)
    ):
        db.session.rollback()
        return
    if percent <= limit:
        machine.disk_accepted = False
        db.session.commit()
        return
    start_drain(machine, None, now, note=f"its disk is {percent:.0f} % full")
    db.session.commit()


def start_drain(
    machine: Machine,
    actor: Developer | None,
    now: datetime,
    *,
    note: str | None = None,
    deadline_seconds: int | None = None,
) -> None:
    """Start to drain the machine; without an actor, the server does it.

    The machine is woken. The caller holds its lock, and commits. Raises MachineDecommissioned.
    """
    is_first = machine.drain_started_at is None
    transitions.apply_event(machine, MachineEvent.DRAIN, now)
    if is_first:
        machine.drain_by = actor.id if actor else None
    if note is not None:
        machine.drain_note = note
    if deadline_seconds is not None:
        machine.drain_deadline = now + timedelta(seconds=deadline_seconds)
    attempts.bump_orders_version(machine)
    wakeups.wake_machines([machine.id])
    wakeups.publish_machine_status(machine.id)
    _release_attempts(machine, now)


def end_drain(machine: Machine, now: datetime) -> None:
    """Undrain the machine: it's woken, and the dispatcher for its slots.

    The caller holds its lock, and commits. Raises MachineDecommissioned.
    """
    transitions.apply_event(machine, MachineEvent.UNDRAIN, now)
    heartbeat = db.session.get(MachineHeartbeat, machine.id, populate_existing=True)
    percent = (heartbeat.metrics or {}).get("diskPercent", 0.0) if heartbeat else 0.0
    machine.disk_accepted = percent > settings.value("maxDiskPercent")
    attempts.bump_orders_version(machine)
    wakeups.wake_machines([machine.id])
    wakeups.publish_machine_status(machine.id)
    wakeups.wake_dispatch()


def sweep(now: datetime) -> int:
    """Requeue attempts that have reached a gate since their machine's drain started, or are past
    its deadline.

    Returns the number of checked machines. Commits for each machine.
    """
    may_go = or_(Attempt.phase == AttemptPhase.GATE, Machine.drain_deadline <= now)
    has_some = exists().where(Attempt.machine_id == Machine.id, Attempt.ended_at.is_(None), may_go)
    query = select(Machine.id).where(Machine.status.in_(IN_DRAIN), has_some).order_by(Machine.id)
    found = list(db.session.scalars(query))
    db.session.rollback()
    for machine_id in found:
        _sweep_machine(machine_id, now)
    return len(found)


def _sweep_machine(machine_id: uuid.UUID, now: datetime) -> None:
    machine = locks.lock_machine(machine_id)
    if machine is None or machine.status not in IN_DRAIN:
        db.session.rollback()  # the drain was cancelled while we waited for the lock
        return
    version = machine.orders_version
    _release_attempts(machine, now)
    if machine.orders_version != version:
        wakeups.wake_machines([machine.id])
    db.session.commit()


def _lock_machine(actor: Developer, machine_id: uuid.UUID) -> Machine:
    rights.require_role(Permission.DRAIN_MACHINE, actor)
    machine = locks.lock_machine(machine_id)
    if machine is None:
        raise NotFound(f"Machine {machine_id} not found.")
    return machine


# ---- leaving attempts ---------------------------------------------------------------------------


def _release_attempts(machine: Machine, now: datetime) -> None:
    live = {locked.task.id: locked for locked in locks.lock_live_attempts(machine, now)}
    is_late = machine.drain_deadline is not None and machine.drain_deadline <= now
    shown = [to_drain_attempt(locked.task, locked.attempt) for locked in live.values()]
    plan = rules.plan_drain(shown, is_late)
    for task_id, act in plan.items():
        if act is not DrainAction.KEEP:
            why = f"{machine.name} is drained"
            why += ", and the deadline has passed" if act is DrainAction.STOP else ""
            attempts.requeue_from_checkpoint(live[task_id], why, gone=False)
