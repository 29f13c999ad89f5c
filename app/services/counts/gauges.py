"""How many there are, over everything; for metrics."""

from sqlalchemy import func, select

from app.domain.machine import MachineStatus
from app.extensions import db
from app.models import Machine, Project
from app.services.counts import counters


def tasks() -> dict[str, int]:
    """Every status → how many tasks have it."""
    counts = counters.by_status(select(Project.id))
    return {status.value: number for status, number in counts.items()}


def machines() -> dict[str, int]:
    """Every status → how many machines have it."""
    rows = db.session.execute(select(Machine.status, func.count()).group_by(Machine.status))
    return {status.value: 0 for status in MachineStatus} | {status.value: n for status, n in rows}


def slots() -> tuple[int, int]:
    """Slots of the connected machines: all, and those in use."""
    sums = func.sum(Machine.slots_total), func.sum(Machine.slots_used)
    total, used = db.session.execute(select(*sums).where(Machine.connected)).one()
    return total or 0, used or 0


def reconnects() -> int:
    """How often machines have connected, but for the first time of each. Never falls: machines
    that are taken away keep their row.
    """
    again = func.sum(func.greatest(Machine.generation - 1, 0))
    return int(db.session.scalar(select(again)) or 0)
