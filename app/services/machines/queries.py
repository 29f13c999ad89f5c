"""Machines as people see them: with their latest heartbeat."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, func, literal_column, select

from app.domain import labels
from app.domain.errors import NotFound
from app.domain.labels import Operator, Requirement
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.domain.upgrade import UpgradeStatus
from app.extensions import db
from app.models import Developer, Machine, MachineHeartbeat
from app.services.machines import upgrades
from app.services.tasks import queries
from app.services.tasks.queries import PageQuery


@dataclass(frozen=True)
class MachineView:
    """A machine, its last heartbeat (None: never connected) and the developer who drains it, if
    any.
    """

    machine: Machine
    heartbeat: MachineHeartbeat | None = None
    drained_by: Developer | None = None

    @property
    def last_seen_at(self) -> datetime | None:
        return self.heartbeat.received_at if self.heartbeat else None

    @property
    def metrics(self) -> dict[str, Any]:
        """Return the last measurements, in percent; None for those never sent. Zeros aren't
        sent.
        """
        measured = self.heartbeat.metrics if self.heartbeat else None
        otherwise = None if measured is None else 0.0
        return {
            "cpu_percent": (measured or {}).get("cpuPercent", otherwise),
            "memory_percent": (measured or {}).get("memoryPercent", otherwise),
            "disk_percent": (measured or {}).get("diskPercent", otherwise),
            "sampled_at": None if measured is None else self.last_seen_at,
        }

    @property
    def upgrade(self) -> UpgradeStatus:
        return upgrades.get_status(self.machine)

    @property
    def drain(self) -> dict[str, Any] | None:
        """Return the drain: its start, author, note and deadline. None if the machine isn't
        draining.
        """
        if self.machine.drain_started_at is None:
            return None
        return {
            "started_at": self.machine.drain_started_at,
            "by": self.drained_by.name if self.drained_by else None,
            "note": self.machine.drain_note,
            "deadline": self.machine.drain_deadline,
        }


def listing(
    statuses: Sequence[MachineStatus] = (), selector: str | None = None
) -> Select[Machine, MachineHeartbeat, Developer]:
    """Return the query of machine view rows, for machines with these statuses (empty: all) whose
    labels meet the selector.
    """
    query = (
        select(Machine, MachineHeartbeat, Developer)
        .outerjoin(MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id)
        .outerjoin(Developer, Developer.id == Machine.drain_by)
    )
    if statuses:
        query = query.where(Machine.status.in_(statuses))
    return query.where(*map(_meets_requirement, labels.combine_selectors(selector)))


def _meets_requirement(requirement: Requirement) -> ColumnElement[bool]:
    """Return the condition that a machine's labels meet a requirement, like
    `Requirement.is_met`.
    """
    its: Any = Machine.labels.concat(Machine.admin_labels)[requirement.name].as_string()
    conditions: dict[Operator, ColumnElement[bool]] = {
        Operator.EQUALS: its == requirement.value,
        Operator.DIFFERS: its.is_distinct_from(requirement.value),
        Operator.EXISTS: its.is_not(None),
        Operator.MISSING: its.is_(None),
    }
    return conditions[requirement.operator]


def get(machine_id: uuid.UUID) -> MachineView:
    """Return one machine, even a decommissioned one. Raises NotFound."""
    row = db.session.execute(listing().where(Machine.id == machine_id)).one_or_none()
    if row is None:
        raise NotFound(f"Machine {machine_id} not found.")
    return MachineView(*row)


def list_by_ids(ids: Sequence[uuid.UUID]) -> list[MachineView]:
    """Return the existing ones of these machines, in any order."""
    rows = db.session.execute(listing().where(Machine.id.in_(ids)))
    return [MachineView(*row) for row in rows]


class MachineSummary(NamedTuple):
    """A machine's summary: `version` changes whenever its row does. `load`: from its last
    heartbeat, {cpuPercent?, memoryPercent?, diskPercent?}.
    """

    version: str
    load: Mapping[str, float]


def list_summaries() -> dict[uuid.UUID, MachineSummary]:
    """Return the summaries of all machines."""
    version = literal_column("machines.xmin::text", String)  # of the transaction that wrote the row
    query = select(Machine.id, version, MachineHeartbeat.metrics).outerjoin(
        MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id
    )
    return {id_: MachineSummary(row, load or {}) for id_, row, load in db.session.execute(query)}


def list_tasks(
    actor: Developer, machine_id: uuid.UUID, statuses: Sequence[TaskStatus] = ()
) -> PageQuery:
    """Return a function that builds the query of a page of the machine's tasks, see
    `tasks.queries.listing`. Raises NotFound.
    """
    get(machine_id)
    return queries.listing(actor, statuses=statuses, machine_id=machine_id)


def connected_count() -> int:
    """Return the number of machines connected to any server process."""
    return db.session.scalar(select(func.count()).where(Machine.connected)) or 0


def audited_fields(machine: Machine) -> dict[str, Any]:
    """Return the fields of a machine that the audit log compares."""
    return {
        "name": machine.name,
        "slots": machine.slots_total,
        "labels": machine.admin_labels,
        "pinned": machine.is_pinned,
        "status": machine.status,
        "drainNote": machine.drain_note,
        "drainDeadline": machine.drain_deadline,
    }
