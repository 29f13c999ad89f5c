"""Track which agents this machine offers, by what is installed and how well it works."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from muster.protocol.frames import Capability
from muster.worker.agents import probe, versions
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter
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
    ) -> None:
        """`look` finds agents and asks for their versions."""
        self.on_change = changed
        self.adapters = adapters
        self._versions = Versions(look=look)
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
        by_project = [Capability(CUSTOM), Capability(ACP, takes_messages=True)]
        return [*capabilities, *by_project]

    def takes_messages(self, agent: str) -> bool:
        """Whether the installed agent of that type can get messages while it works. Waits a few
        seconds for its version.
        """
        if agent == ACP:
            return True
        adapter = self.adapters.get(agent)
        binary = self._versions.find(adapter.binary) if adapter else None
        if adapter is None or binary is None:
            return False
        if self._versions.get(binary) is None:
            self._versions.wait()
        return self._can_converse(adapter, self._versions.get(binary))

    def _can_converse(self, adapter: Adapter, version: str | None) -> bool:
        if adapter.format == ACP:
            return True
        talk = adapter.conversation
        return bool(talk and version and not versions.is_older(version, talk.min_version))

    def _record_binary(self, agent: str, binary: Binary | None) -> None:
        """Give work again to an agent whose program has reappeared."""
        if binary and self._binaries.get(agent, binary) != binary:
            self._degradations[agent].clear_missing_binary()
        self._binaries[agent] = binary

    def _capability(self, agent: str, binary: Binary | None) -> Capability:
        found = versions.make_capability(agent, binary, self._versions)
        degradation = self._degradations[agent]
        reason = degradation.active_reason(time.monotonic()) if found.healthy else None
        adapter = self.adapters.get(agent)
        return msgspec.structs.replace(
            found,
            takes_messages=adapter is not None and self._can_converse(adapter, found.version),
            healthy=found.healthy and reason is None,
            degraded_until=_to_timestamp(degradation.degraded_until) if reason else None,
            reason=found.reason or reason,
        )


def _to_timestamp(until: float) -> str:
    """Convert a monotonic time to RFC 3339, in whole seconds so that it stays the same."""
    at = datetime.now(UTC) + timedelta(seconds=until - time.monotonic())
    return (at + timedelta(seconds=0.5)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
