"""Unhealthy machines, as an inbox shows them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.domain import inbox as rules
from app.domain.inbox import DefaultAction, MachineProblem, ProblemDetail
from app.domain.machine import IN_DRAIN, MachineStatus
from app.extensions import db
from app.models import Machine, MachineHeartbeat


@dataclass(frozen=True)
class UnhealthyMachine:
    """A machine, and all its problems. `lease_until`: until then it may work without contact."""

    id: uuid.UUID
    name: str
    status: MachineStatus
    slots_total: int
    slots_used: int
    disk_percent: float | None
    last_seen_at: datetime | None
    drain_started_at: datetime | None
    lease_until: datetime | None
    problems: list[ProblemDetail]

    @property
    def slots(self) -> "UnhealthyMachine":
        """{slots_total, slots_used}, as machines have them."""
        return self

    @property
    def is_in_drain(self) -> bool:
        return self.status in IN_DRAIN

    @property
    def since(self) -> datetime | None:
        """Since when it's unhealthy; None: only an agent is, for an unknown time."""
        reasons = {each.reason for each in self.problems}
        if MachineProblem.OFFLINE in reasons:
            return self.last_seen_at
        return self.drain_started_at if MachineProblem.DISK_FULL in reasons else None

    def default_action(self, now: datetime) -> tuple[DefaultAction, datetime | None]:
        """Return what happens by itself, and when."""
        is_at_work = self.slots_used > 0
        return rules.default_action_of_machine(
            self.problems, self.lease_until, now, is_at_work=is_at_work
        )


def read_unhealthy(ids: Sequence[str], now: datetime) -> dict[str, UnhealthyMachine]:
    """Return the currently unhealthy ones of the machines, by ID."""
    query = (
        select(Machine, MachineHeartbeat)
        .outerjoin(MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id)
        .where(Machine.id.in_([uuid.UUID(each) for each in ids]))
        .where(Machine.uninstalled_at.is_(None))
    )
    found = (
        _to_unhealthy(machine, heartbeat, now) for machine, heartbeat in db.session.execute(query)
    )
    return {str(each.id): each for each in found if each.problems}


def _to_unhealthy(
    machine: Machine, heartbeat: MachineHeartbeat | None, now: datetime
) -> UnhealthyMachine:
    is_drained_by_us = machine.drain_started_at is not None and machine.drain_by is None
    measured = (heartbeat.metrics if heartbeat else None) or {}
    return UnhealthyMachine(
        id=machine.id,
        name=machine.name,
        status=machine.status,
        slots_total=machine.slots_total,
        slots_used=machine.slots_used,
        disk_percent=measured.get("diskPercent"),
        last_seen_at=heartbeat.received_at if heartbeat else None,
        drain_started_at=machine.drain_started_at,
        lease_until=heartbeat.lease_until if heartbeat else None,
        problems=rules.find_problems(
            machine.status,
            machine.capabilities,
            now,
            connected=machine.connected,
            is_drained_by_us=is_drained_by_us,
        ),
    )
