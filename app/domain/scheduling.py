"""Which machine takes which task: eight rules, then four preferences.

The same rules choose a machine and explain to a person why none was chosen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from heapq import heapify, heappop, heapreplace

from app.domain.machine import MachineStatus


class Reason(StrEnum):
    """Why a machine does not take a task. In the order in which they are looked at."""

    NOT_REQUESTED = "not_requested"
    DECOMMISSIONED = "decommissioned"
    DRAINING = "draining"
    OFFLINE = "offline"
    CAPABILITY_MISSING = "capability_missing"
    CAPABILITY_DEGRADED = "capability_degraded"
    OVERLOADED = "overloaded"
    NO_FREE_SLOT = "no_free_slot"


@dataclass(frozen=True)
class AgentHealth:
    """What a machine says of one agent type."""

    healthy: bool = True
    degraded_until: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        """A degradation with an end heals by time; one without, by the machine's word."""
        return self.healthy or (self.degraded_until is not None and self.degraded_until <= now)


@dataclass(frozen=True)
class Candidate:
    """A machine as the dispatcher sees it, in one snapshot. `load_percent` is the CPU's.

    `has_answered`: a task that it holds waits for a slot, its question answered.
    """

    id: str
    status: MachineStatus
    connected: bool
    agents: Mapping[str, AgentHealth] = field(default_factory=dict)
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
class Request:
    """What a task asks of a machine."""

    agent_type: str
    repo_url: str
    machine_id: str | None = None


def blocked_by(
    request: Request, machine: Candidate, now: datetime, max_load: float
) -> Reason | None:
    """The first rule that keeps the machine from taking the task; None when it can."""
    agent = machine.agents.get(request.agent_type)
    rules = (
        (Reason.NOT_REQUESTED, request.machine_id not in (None, machine.id)),
        (Reason.DECOMMISSIONED, machine.status is MachineStatus.DECOMMISSIONED),
        (Reason.DRAINING, machine.status in (MachineStatus.DRAINING, MachineStatus.DRAINED)),
        (Reason.OFFLINE, machine.status is MachineStatus.OFFLINE or not machine.connected),
        (Reason.CAPABILITY_MISSING, agent is None),
        (Reason.CAPABILITY_DEGRADED, agent is not None and not agent.is_usable(now)),
        (Reason.OVERLOADED, machine.load_percent > max_load),
        (Reason.NO_FREE_SLOT, machine.free_slots == 0),
    )
    return next((reason for reason, holds in rules if holds), None)


_Merit = tuple[bool, float, int, int, int, datetime, str]
_NEVER = datetime.min.replace(tzinfo=UTC)


class SlotPlan:
    """Machines for a batch of tasks, one after the other; what is taken is taken from the snapshot.

    Preferred: one that has the repository, then the lowest load, the most free slots, the biggest
    hardware. Equals take turns: first is who was given its last task the longest ago. (Answered
    gates come before all queued tasks: `services.dispatch` resumes them first.)

    The n-th task costs the logarithm of the number of machines, and a new kind of request once
    their number: a batch of hundreds on thousands of machines is no more than one look at each.
    """

    def __init__(self, machines: Iterable[Candidate], now: datetime, max_load: float) -> None:
        self._machines = {machine.id: machine for machine in machines}
        self._now, self._max_load = now, max_load
        # Best first. A merit only ever falls, so that one which was noted earlier is too good at
        # most, and is looked at again when it has come to the front.
        self._queues: dict[Request, list[tuple[_Merit, str]]] = {}

    def take(self, request: Request) -> Candidate | None:
        """The best of the machines that can take the task, as it was before; None if none can."""
        queue = self._queue(request)
        while queue:
            noted, machine_id = queue[0]
            machine = self._machines[machine_id]
            if blocked_by(request, machine, self._now, self._max_load) is not None:
                heappop(queue)
            elif noted != (merit := self._merit(request, machine)):
                heapreplace(queue, (merit, machine_id))
            else:
                self._machines[machine_id] = replace(machine, slots_used=machine.slots_used + 1)
                return machine
        return None

    def _queue(self, request: Request) -> list[tuple[_Merit, str]]:
        if request not in self._queues:
            asked = request.machine_id
            some = self._machines.values() if asked is None else [self._machines.get(asked)]
            queue = [(self._merit(request, m), m.id) for m in some if m is not None]
            heapify(queue)
            self._queues[request] = queue
        return self._queues[request]

    def _merit(self, request: Request, machine: Candidate) -> _Merit:
        """The better, the smaller."""
        return (
            request.repo_url not in machine.repositories,
            # In steps of ten percent: a machine a hair busier is not a worse machine.
            machine.load_percent // 10,
            -machine.free_slots,
            -machine.cpu_count,
            -machine.memory_bytes,
            machine.last_assigned_at or _NEVER,
            machine.id,
        )
