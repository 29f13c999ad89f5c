"""A machine whose worker was uninstalled: it never connects again."""

import uuid

from app import wakeups
from app.domain.machine import MachineEvent, MachineStatus
from app.extensions import db
from app.services import audit, locks
from app.services.clock import now as clock_now
from app.services.machines import transitions
from app.services.tasks import attempts


def record_uninstall(machine_id: uuid.UUID) -> None:
    """Record that the machine's worker was uninstalled: nothing of its attempts is left, so their
    tasks restart elsewhere at once. Its credentials become invalid. Commits. Can be repeated.
    """
    machine, now = locks.lock_machine(machine_id), clock_now()
    if machine is None or machine.status is MachineStatus.DECOMMISSIONED or machine.uninstalled_at:
        db.session.rollback()
        return
    transitions.apply_event(machine, MachineEvent.TIME_OUT, now)
    machine.uninstalled_at = now
    machine.jwt_version += 1
    machine.recovery_digest, machine.next_recovery_digest = "", None
    attempts.bump_orders_version(machine)
    for locked in locks.lock_live_attempts(machine, now):
        attempts.mark_lost(locked, f"{machine.name} was uninstalled", gone=True, counts=False)
    audit.record("machine.uninstalled", "machine", machine_id, actor=None, machine=machine)
    wakeups.publish_machine_status(machine_id)
    wakeups.wake_machines([machine_id])
    wakeups.wake_dispatch()
    db.session.commit()
