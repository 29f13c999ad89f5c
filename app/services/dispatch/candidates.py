"""Machines as the dispatcher sees them: one row each, thousands of them in milliseconds."""

import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, Text, cast, exists, or_, select

from app.domain import labels
from app.domain.attempt import AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.domain.scheduling import AgentHealth, Candidate, PlacementConstraints, Request
from app.extensions import db
from app.models import Attempt, Machine, MachineHeartbeat, Task

# An attempt whose question was answered while its machine had no free slot.
IS_ANSWERED = (Attempt.ended_at.is_(None), Attempt.phase == AttemptPhase.RUN, ~Attempt.has_slot)

# JSON comes as text: equal texts of machines are parsed once.
_ROWS = select(
    cast(Machine.id, Text).label("id"),
    cast(Machine.status, Text).label("status"),
    Machine.connected,
    cast(Machine.capabilities, Text).label("capabilities"),
    cast(Machine.repositories, Text).label("repositories"),
    cast(Machine.hardware, Text).label("hardware"),
    cast(Machine.labels, Text).label("labels"),
    cast(Machine.admin_labels, Text).label("admin_labels"),
    Machine.sandbox["level"].as_string().label("sandbox_level"),
    Machine.slots_total,
    Machine.slots_used,
    Machine.last_assigned_at,
    MachineHeartbeat.metrics["cpuPercent"].as_float().label("load"),
    exists().where(Attempt.machine_id == Machine.id, *IS_ANSWERED).label("has_answered"),
).outerjoin(MachineHeartbeat, MachineHeartbeat.machine_id == Machine.id)
_EXPLAINED_ROWS = _ROWS.add_columns(
    Machine.name,
    Machine.drain_started_at,
    MachineHeartbeat.received_at.label("last_seen_at"),
)
_IS_ACTIVE = Machine.status != MachineStatus.DECOMMISSIONED
STATEMENT = _ROWS.where(_IS_ACTIVE)
_CACHE_SIZE = 10_000  # cached texts


def list_candidates() -> list[Candidate]:
    """Return a snapshot of all machines that aren't decommissioned."""
    return [from_row(row) for row in db.session.execute(STATEMENT)]


def list_rows(asked: uuid.UUID | None) -> Sequence[Row[Any]]:
    """Return the rows of all machines that aren't decommissioned, by name, with what explains
    blockers; and of `asked` in any case: a task that waits for one machine must learn that it's
    gone.
    """
    query = _EXPLAINED_ROWS.where(or_(_IS_ACTIVE, Machine.id == asked))
    return db.session.execute(query.order_by(Machine.name, Machine.id)).all()


class LabelRequirements(NamedTuple):
    """The label requirements of queued tasks and projects: selectors, and the listed machines of
    protected projects, by project.
    """

    selectors: Sequence[str] = ()
    protected: Mapping[str, Sequence[str]] = MappingProxyType({})

    @classmethod
    def from_json(cls, text: str) -> "LabelRequirements":
        """Create it from the column `wishes` of `statements.ACQUIRE_LOCK`."""
        found = msgspec.json.decode(text)
        return cls(found["selectors"] or (), found["protected"] or {})

    def met_by(self, machine: Candidate) -> list[str]:
        """Return those that the machine meets, by their names in `statements.QUEUE`."""
        met = [s for s in self.selectors if labels.matches(labels.parse(s), machine.labels)]
        named = [f"#{id_}" for id_, named in self.protected.items() if machine.id in named]
        return met + named


def from_row(row: Row[Any]) -> Candidate:
    """Return the candidate of a row of STATEMENT."""
    cpu_count, memory_bytes = _size(row.hardware)
    return Candidate(
        id=row.id,
        status=MachineStatus(row.status),
        connected=row.connected,
        agents=_agents(row.capabilities),
        sandbox_level=SandboxLevel(row.sandbox_level) if row.sandbox_level else None,
        labels=_labels(row.labels, row.admin_labels),
        slots_total=row.slots_total,
        slots_used=row.slots_used,
        load_percent=row.load or 0.0,
        cpu_count=cpu_count,
        memory_bytes=memory_bytes,
        repositories=_repositories(row.repositories),
        has_answered=row.has_answered,
        last_assigned_at=row.last_assigned_at,
    )


def request_from_row(row: Row[Any], avoids: frozenset[str]) -> Request:
    """Return the requirements of a task, from a row of `statements.QUEUE`."""
    asked = row.requested_machine_id
    return Request(
        row.agent_type,
        row.repo_url,
        str(asked) if asked else None,
        PlacementConstraints.from_columns(
            row.min_sandbox,
            row.project_selector,
            row.task_selector,
            protected=row.protected,
            machines=row.protected_machines,
        ),
        avoids,
        str(row.prefers) if row.prefers else None,
    )


def request_from_task(task: Task, avoids: frozenset[str]) -> Request:
    """Return the requirements of a task with its project."""
    asked = task.requested_machine_id
    return Request(
        task.agent_type,
        task.project.repo_url,
        str(asked) if asked else None,
        task.placement,
        avoids,
    )


@lru_cache(_CACHE_SIZE)
def _agents(capabilities: str) -> Mapping[str, AgentHealth]:
    return {
        c["agentType"]: AgentHealth.from_capability(c) for c in msgspec.json.decode(capabilities)
    }


@lru_cache(_CACHE_SIZE)
def _repositories(urls: str) -> frozenset[str]:
    return frozenset(msgspec.json.decode(urls))


@lru_cache(_CACHE_SIZE)
def _labels(claimed: str, given: str) -> Mapping[str, str]:
    return labels.effective_labels(msgspec.json.decode(claimed), msgspec.json.decode(given))


@lru_cache(_CACHE_SIZE)
def _size(hardware: str) -> tuple[int, int]:
    fields = msgspec.json.decode(hardware)
    return fields.get("cpuCount", 0), fields.get("memoryBytes", 0)
