"""Machine administration: changing machines, and decommissioning them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import update

from app import wakeups
from app.domain.errors import MachineDecommissioned, NotFound
from app.domain.labels import Labels
from app.domain.machine import MachineEvent, MachineStatus
from app.domain.task import FailureCode, Loss, TaskEvent, event_after_loss
from app.extensions import db
from app.models import Developer, Machine, MachineHeartbeat
from app.services import audit, locks, rights
from app.services.clock import now as clock_now
from app.services.locks import LockedTask
from app.services.machines import drains, queries, transitions
from app.services.machines.queries import MachineView
from app.services.tasks import attempts

# The statuses that can be set; machines reach the others themselves.
SETTABLE_STATUSES: Sequence[MachineStatus] = (
    MachineStatus.ONLINE,
    MachineStatus.DRAINING,
    MachineStatus.DECOMMISSIONED,
)

# Audit log names of status changes.
AUDIT_ACTIONS: Mapping[MachineStatus | None, str] = {
    None: "machine.updated",
    MachineStatus.DRAINING: "machine.drained",
    MachineStatus.ONLINE: "machine.undrained",
    MachineStatus.DECOMMISSIONED: "machine.decommissioned",
}


def update_machine(
    actor: Developer,
    machine_id: uuid.UUID,
    *,
    status: MachineStatus | None = None,
    name: str | None = None,
    slots: int | None = None,
    labels: Labels | None = None,
    pinned: bool | None = None,
) -> MachineView:
    """Change a machine's status, name, slots, labels and pinning: all given changes, or none.
    Returns the machine. Commits.

    `status` is one of SETTABLE_STATUSES; `online` undrains the machine, which is then offline if it
    isn't connected. Raises Forbidden, NotFound, MachineDecommissioned.
    """
    rights.require_admin(actor)
    machine, now = _lock_machine(machine_id), clock_now()
    if machine.status is MachineStatus.DECOMMISSIONED:
        _require_no_change(machine, status, name, slots, labels, pinned)
        return queries.get(machine_id)
    before = queries.audited_fields(machine)
    machine.name = name or machine.name
    machine.slots_total = slots or machine.slots_total
    if labels is not None:
        machine.admin_labels = dict(labels)
    if pinned is not None and pinned != machine.is_pinned:
        machine.is_pinned = pinned
        attempts.bump_orders_version(machine)
    match status:
        case MachineStatus.DRAINING:
            drains.start_drain(machine, actor, now)
        case MachineStatus.ONLINE:
            drains.end_drain(machine, now)
        case MachineStatus.DECOMMISSIONED:
            _retire(machine, now)
    after = queries.audited_fields(machine)
    audit.record(
        AUDIT_ACTIONS[status], "machine", machine_id, actor=actor, before=before, after=after
    )
    wakeups.wake_dispatch()  # for new slots and labels
    wakeups.wake_machines([machine_id])
    db.session.commit()
    return queries.get(machine_id)


def decommission(actor: Developer, machine_id: uuid.UUID, *, dead: bool = False) -> None:
    """Decommission a machine for good; its ID can never enroll again. Commits. Can be repeated.

    `dead` is the admin's confirmation that nothing runs there any more: its lease isn't waited for.
    Raises Forbidden, NotFound.
    """
    rights.require_admin(actor)
    machine, now = _lock_machine(machine_id), clock_now()
    before = {**queries.audited_fields(machine), "dead": False}
    if machine.status is not MachineStatus.DECOMMISSIONED:
        _retire(machine, now)
    if dead:
        _end_lease(machine, now)
        wakeups.wake_dispatch()  # for tasks that waited for its end
    wakeups.wake_machines([machine_id])  # also when repeated: the first wakeup may have been lost
    after = {**queries.audited_fields(machine), "dead": dead}
    audit.record(
        "machine.decommissioned", "machine", machine_id, actor=actor, before=before, after=after
    )
    db.session.commit()


def _require_no_change(
    machine: Machine,
    status: MachineStatus | None,
    name: str | None,
    slots: int | None,
    labels: Labels | None,
    pinned: bool | None,
) -> None:
    """Require that a change of a decommissioned machine is only a repeated decommission.

    Raises MachineDecommissioned.
    """
    is_same = name in (None, machine.name) and slots in (None, machine.slots_total)
    is_same = is_same and labels in (None, machine.admin_labels)
    is_same = is_same and pinned in (None, machine.is_pinned)
    if status is not MachineStatus.DECOMMISSIONED or not is_same:
        raise MachineDecommissioned


def _lock_machine(machine_id: uuid.UUID) -> Machine:
    machine = locks.lock_machine(machine_id)
    if machine is None:
        raise NotFound(f"Machine {machine_id} not found.")
    return machine


def _retire(machine: Machine, now: datetime) -> None:
    # The wakeup closes its connection; its attempts end here.
    transitions.apply_event(machine, MachineEvent.DECOMMISSION, now)
    machine.jwt_version += 1
    machine.recovery_digest, machine.next_recovery_digest = "", None
    attempts.bump_orders_version(machine)
    for locked in locks.lock_live_attempts(machine, now):
        _end_attempt(locked)


def _end_attempt(locked: LockedTask) -> None:
    task, why = locked.task, f"{locked.machine.name} has been decommissioned"
    if event_after_loss(task.status, task.suspend_reason, Loss.MACHINE) is TaskEvent.FAIL:
        attempts.fail(locked, FailureCode.MACHINE_DECOMMISSIONED, why, gone=False)
    else:
        attempts.requeue_from_checkpoint(locked, why, gone=False)


def _end_lease(machine: Machine, now: datetime) -> None:
    heartbeat = MachineHeartbeat.machine_id == machine.id
    runs_on = MachineHeartbeat.lease_until > now
    db.session.execute(update(MachineHeartbeat).where(heartbeat, runs_on).values(lease_until=now))
