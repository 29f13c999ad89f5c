"""Current numbers of tasks, machines and slots, for metrics."""

from sqlalchemy import func, select

from app.domain.machine import MachineStatus
from app.extensions import db
from app.models import Machine, Project
from app.services.counters import task_counts


def tasks() -> dict[str, int]:
    """Return the number of tasks with each status."""
    counts = task_counts.counts_by_status(select(Project.id))
    return {status.value: number for status, number in counts.items()}


def machines() -> dict[str, int]:
    """Return the number of machines with each status."""
    rows = db.session.execute(select(Machine.status, func.count()).group_by(Machine.status))
    return {status.value: 0 for status in MachineStatus} | {status.value: n for status, n in rows}


def slots() -> tuple[int, int]:
    """Return the total and used slots of the connected machines."""
    sums = func.sum(Machine.slots_total), func.sum(Machine.slots_used)
    total, used = db.session.execute(select(*sums).where(Machine.connected)).one()
    return total or 0, used or 0


def reconnects() -> int:
    """Return the total number of machines' reconnections.

    It never decreases, because decommissioned machines keep their rows.
    """
    again = func.sum(func.greatest(Machine.generation - 1, 0))
    return int(db.session.scalar(select(again)) or 0)
