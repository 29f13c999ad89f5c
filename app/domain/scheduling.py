"""The choice of a machine for a task: twelve rules exclude machines, five preferences rank the
rest.

The same rules explain to people why a task waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from heapq import heapify, heappop, heapreplace
from typing import Any, Self

from app.domain import labels, protection, sandbox
from app.domain.agents import NOT_INSTALLED
from app.domain.labels import Labels, Selector
from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel


class Reason(StrEnum):
    """Why a machine can't take a task, in the order of the checks."""

    NOT_REQUESTED = "not_requested"
    DECOMMISSIONED = "decommissioned"
    DRAINING = "draining"
    OFFLINE = "offline"
    CAPABILITY_MISSING = "capability_missing"
    CAPABILITY_DEGRADED = "capability_degraded"
    QUOTA_EXHAUSTED = "quota_exhausted"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    LABEL_MISMATCH = "label_mismatch"
    OVERLOADED = "overloaded"
    NO_FREE_SLOT = "no_free_slot"


@dataclass(frozen=True)
class AgentHealth:
    """The health of one agent type, as its machine reports it; `reason` is the machine's text."""

    healthy: bool = True
    degraded_until: datetime | None = None
    reason: str | None = None

    @classmethod
    def from_capability(cls, capability: Mapping[str, Any]) -> Self:
        """Create it from a machine's stored capability."""
        until = capability.get("degradedUntil")
        ends = datetime.fromisoformat(until) if until else None
        return cls(capability.get("healthy", True), ends, capability.get("reason"))

    @property
    def is_installed(self) -> bool:
        return self.healthy or self.reason != NOT_INSTALLED

    def is_usable(self, now: datetime) -> bool:
        """Whether tasks can be given to the agent.

        A degradation ends at `degraded_until`; without that, when the machine reports the agent as
        healthy.
        """
        return self.healthy or (self.degraded_until is not None and self.degraded_until <= now)


@dataclass(frozen=True)
class Candidate:
    """A machine in the dispatcher's snapshot.

    `load_percent` is the CPU's; `sandbox_level` is None if not reported. `has_answered`: one of its
    tasks has an answered gate and waits there for a slot.
    """

    id: str
    status: MachineStatus
    connected: bool
    agents: Mapping[str, AgentHealth] = field(default_factory=dict)
    sandbox_level: SandboxLevel | None = None
    labels: Labels = field(default_factory=dict)
    slots_total: int = 0
    slots_used: int = 0
    load_percent: float = 0.0
    cpu_count: int = 0
    memory_bytes: int = 0
    repositories: frozenset[str] = frozenset()
    has_answered: bool = False
    last_assigned_at: datetime | None = None

    @property
    def free_slots(self) -> int:
        return max(0, self.slots_total - self.slots_used)


@dataclass(frozen=True)
class PlacementConstraints:
    """What a task and its project require of a machine: a sandbox level, labels that meet the
    `selector`, and, for a protected project, one of the listed machines (`only`).
    """

    min_sandbox: SandboxLevel | None = None
    selector: Selector = ()
    allowed_machines: frozenset[str] | None = None

    @classmethod
    def from_columns(
        cls,
        room: SandboxLevel | None,
        *selectors: str | None,
        protected: bool,
        machines: Sequence[str],
    ) -> "PlacementConstraints":
        """Create it from the columns of a project and its task; `machines` are the listed ones."""
        only = protection.allowed_machines(protected, machines)
        return cls(room, labels.combine_selectors(*selectors), only)

    def matches(self, machine_id: str, its: Labels) -> bool:
        """Whether a machine with these labels may have the task, whatever its sandbox level."""
        return protection.is_machine_allowed(self.allowed_machines, machine_id) and labels.matches(
            self.selector, its
        )


@dataclass(frozen=True)
class Request:
    """What a task needs from a machine.

    `avoids` are machines where its agent's account is out of quota. `prefers` is the machine with
    the agent's session.
    """

    agent_type: str
    repo_url: str
    machine_id: str | None = None
    placement: PlacementConstraints = PlacementConstraints()
    avoids: frozenset[str] = frozenset()
    prefers: str | None = None


def block_reason(
    request: Request, machine: Candidate, now: datetime, max_load: float
) -> Reason | None:
    """Return the first rule that excludes the machine; None if it can take the task."""
    agent = machine.agents.get(request.agent_type)
    rules = (
        (Reason.NOT_REQUESTED, request.machine_id not in (None, machine.id)),
        (Reason.DECOMMISSIONED, machine.status is MachineStatus.DECOMMISSIONED),
        (Reason.DRAINING, machine.status in (MachineStatus.DRAINING, MachineStatus.DRAINED)),
        (Reason.OFFLINE, machine.status is MachineStatus.OFFLINE or not machine.connected),
        (Reason.CAPABILITY_MISSING, agent is None or not agent.is_installed),
        (Reason.CAPABILITY_DEGRADED, agent is not None and not agent.is_usable(now)),
        (Reason.QUOTA_EXHAUSTED, machine.id in request.avoids),
        (
            Reason.SANDBOX_UNAVAILABLE,
            not sandbox.is_sufficient(machine.sandbox_level, request.placement.min_sandbox),
        ),
        (Reason.LABEL_MISMATCH, not request.placement.matches(machine.id, machine.labels)),
        (Reason.OVERLOADED, machine.load_percent > max_load),
        (Reason.NO_FREE_SLOT, machine.free_slots == 0),
    )
    return next((reason for reason, holds in rules if holds), None)


_Rank = tuple[bool, float, int, int, int, datetime, str]
_NEVER = datetime.min.replace(tzinfo=UTC)


class SlotPlan:
    """Assigns machines to a batch of tasks, one by one, on a snapshot of the machines.

    In order of preference: the machine that the task prefers, one that has the repository, the
    lowest load, the most free slots, the largest hardware. Equal machines take turns: the first is
    the one whose last assignment is the oldest. (Answered gates come before all queued tasks:
    `services.dispatch` resumes them first.)

    For M machines a task costs O(log M), and each new kind of request O(M) once.
    """

    def __init__(self, machines: Iterable[Candidate], now: datetime, max_load: float) -> None:
        self._machines = {machine.id: machine for machine in machines}
        self._now, self._max_load = now, max_load
        # Heaps, the best machine first. A machine's rank only ever worsens, so an entry may be
        # outdated but never too low: it's recomputed when the machine reaches the front.
        self._queues: dict[Request, list[tuple[_Rank, str]]] = {}

    def assign(self, request: Request) -> Candidate | None:
        """Take a slot of the best machine for the request.

        Returns the machine as it was before, or None if no machine can take the task.
        """
        if request.prefers is not None:
            preferred = self._machines.get(request.prefers)
            if preferred and self._can_assign(preferred, request):
                return self._use_slot(preferred)
            # Preferences don't create separate queues: each queue costs a scan of all machines.
            request = replace(request, prefers=None)
        queue = self._queue(request)
        while queue:
            noted, machine_id = queue[0]
            machine = self._machines[machine_id]
            if not self._can_assign(machine, request):
                heappop(queue)
            elif noted != (merit := self._rank(request, machine)):
                heapreplace(queue, (merit, machine_id))
            else:
                return self._use_slot(machine)
        return None

    def _can_assign(self, machine: Candidate, request: Request) -> bool:
        return block_reason(request, machine, self._now, self._max_load) is None

    def _use_slot(self, machine: Candidate) -> Candidate:
        self._machines[machine.id] = replace(machine, slots_used=machine.slots_used + 1)
        return machine

    def _queue(self, request: Request) -> list[tuple[_Rank, str]]:
        if request not in self._queues:
            asked = request.machine_id
            some = self._machines.values() if asked is None else [self._machines.get(asked)]
            queue = [(self._rank(request, m), m.id) for m in some if m is not None]
            heapify(queue)
            self._queues[request] = queue
        return self._queues[request]

    def _rank(self, request: Request, machine: Candidate) -> _Rank:
        """Return the machine's rank for the request; smaller is better."""
        return (
            request.repo_url not in machine.repositories,
            # In steps of ten percent: a slightly busier machine isn't worse.
            machine.load_percent // 10,
            -machine.free_slots,
            -machine.cpu_count,
            -machine.memory_bytes,
            machine.last_assigned_at or _NEVER,
            machine.id,
        )
