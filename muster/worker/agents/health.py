"""Which agents this machine can be given work for, by what is installed and how they fared."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from muster.protocol.frames import Capability
from muster.worker.agents import agents
from muster.worker.agents.agents import AGENTS, Degradation, Reason, Versions


class AgentHealth:
    """Safe to use from any thread. `changed` is called when there is something new to tell."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self._versions = Versions()
        self._lock = threading.Lock()
        self._degradations: dict[str, Degradation] = defaultdict(Degradation)

    def failed(self, agent: str, reason: Reason) -> None:
        with self._lock:
            self._degradations[agent].fail(reason, time.monotonic())
        self.changed()

    def succeeded(self, agent: str) -> None:
        with self._lock:
            self._degradations[agent].succeed()
        self.changed()

    def capabilities(self) -> list[Capability]:
        """The capabilities of all agents that Muster knows; missing ones are unhealthy."""
        found = agents.capabilities(AGENTS, self._versions)
        with self._lock:
            return [self._capability(capability) for capability in found]

    def _capability(self, found: Capability) -> Capability:
        degradation = self._degradations[found.agent_type]
        reason = degradation.degraded(time.monotonic())
        return msgspec.structs.replace(
            found,
            healthy=found.healthy and reason is None,
            degraded_until=_moment(degradation.until) if reason else None,
            reason=found.reason or reason,
        )


def _moment(until: float) -> str | None:
    """A moment of the monotonic clock as RFC 3339, to the second so that it stays the same."""
    if math.isinf(until):
        return None
    at = datetime.now(UTC) + timedelta(seconds=until - time.monotonic())
    return (at + timedelta(seconds=0.5)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
