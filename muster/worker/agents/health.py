"""Track which agents this machine offers, by what is installed and how well it works."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from muster.protocol.frames import Capability
from muster.worker.agents import probe, versions
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.custom import CUSTOM
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS, AdapterRegistry
from muster.worker.agents.degradation import Degradation, Reason
from muster.worker.agents.probe import Probe
from muster.worker.agents.versions import Binary, Versions

ALWAYS_REPORTED = frozenset({"claude", "codex", "cursor"})
"""The types that every server asks about: reported even if they were never installed."""

_PROJECT_AGENTS = (CUSTOM, ACP)


class AgentHealth:
    """Safe to use from any thread. `changed` is called when there are changes to report.

    `custom` and `acp` aren't tracked: a project's own command says nothing about another's.
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        look: Probe = probe.DAEMON_PROBE,
        adapters: AdapterRegistry = BUILTIN_ADAPTERS,
        has_runner: Callable[[], bool] = lambda: False,
        store: Path | None = None,
    ) -> None:
        """`look` finds agents and asks for their versions, which `store` keeps. `has_runner`
        returns whether attempts can run the runner."""
        self.on_change = changed
        self.adapters = adapters
        self._has_runner = has_runner
        self._versions = Versions(look=look, store=store)
        self._lock = threading.Lock()
        self._degradations: dict[str, Degradation] = defaultdict(Degradation)
        self._binaries: dict[str, Binary | None] = {}  # as last found

    def record_failure(self, agent: str, project: str, reason: Reason) -> None:
        if agent in _PROJECT_AGENTS:
            return
        with self._lock:
            self._degradations[agent].record_failure(project, reason, time.monotonic())
        self.on_change()

    def record_success(self, agent: str, project: str) -> None:
        if agent in _PROJECT_AGENTS:
            return
        with self._lock:
            self._degradations[agent].record_success(project)
        self.on_change()

    def takes_messages(self, agent: str) -> bool:
        """Whether the installed version of an agent takes people's messages while it works. Waits
        for a program that is being asked for its version."""
        if agent == ACP:
            return self._has_runner()
        adapter = self.adapters.get(agent)
        binary = self._versions.find(adapter.binary) if adapter else None
        if binary is not None and self._versions.get(binary) is None:
            self._versions.wait()
        version = self._versions.get(binary) if binary else None
        return self._has_runner() and versions.can_take_messages(adapter, version)

    def capabilities(self) -> list[Capability]:
        """Return the capabilities of the known agents; a missing one is unhealthy.

        `custom` and `acp` are always included: their programs are the projects' own.
        """
        binaries = {each.name: self._versions.find(each.binary) for each in self.adapters}
        with self._lock:
            ever = ALWAYS_REPORTED.union(self._binaries)
            for agent, binary in binaries.items():
                if binary or agent in ever:
                    self._record_binary(agent, binary)
            capabilities = [self._capability(agent, binaries[agent]) for agent in self._binaries]
        acp = Capability(ACP, takes_messages=self.takes_messages(ACP))
        return [*capabilities, Capability(CUSTOM), acp]

    def _record_binary(self, agent: str, binary: Binary | None) -> None:
        """Give work again to an agent whose program has reappeared."""
        if binary and self._binaries.get(agent, binary) != binary:
            self._degradations[agent].clear_missing_binary()
        self._binaries[agent] = binary

    def _capability(self, agent: str, binary: Binary | None) -> Capability:
        found = versions.make_capability(agent, binary, self._versions)
        degradation = self._degradations[agent]
        reason = degradation.active_reason(time.monotonic()) if found.healthy else None
        return msgspec.structs.replace(
            found,
            healthy=found.healthy and reason is None,
            degraded_until=_to_timestamp(degradation.degraded_until) if reason else None,
            reason=found.reason or reason,
            takes_messages=found.healthy
            and self._has_runner()
            and versions.can_take_messages(self.adapters.get(agent), found.version),
        )


def _to_timestamp(until: float) -> str:
    """Convert a monotonic time to RFC 3339, in whole seconds so that it stays the same."""
    at = datetime.now(UTC) + timedelta(seconds=until - time.monotonic())
    return (at + timedelta(seconds=0.5)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
