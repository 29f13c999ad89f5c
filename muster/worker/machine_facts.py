"""Facts that the machine reports about itself, collected on a separate thread.

It looks for programs and checks disks here, so that no heartbeat waits for them.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from muster.protocol.frames import Capability, Metrics, SandboxFacts, UpgradeFacts
from muster.worker import metrics

_INTERVAL_SECONDS = 5.0  # seconds

log = logging.getLogger(__name__)


class MachineFacts(NamedTuple):
    """The machine's facts at one time."""

    metrics: Metrics
    capabilities: list[Capability]
    repositories: list[str]
    sandbox: SandboxFacts
    labels: dict[str, str]
    upgrade: UpgradeFacts | None


class FactCollector:
    """Provides the newest facts about the machine as `latest`; `close` it."""

    def __init__(
        self,
        home: Path,
        capabilities: Callable[[], list[Capability]],
        repositories: Callable[[], list[str]],
        room: SandboxFacts,
        labels: Mapping[str, str] = MappingProxyType({}),
        upgrade: Callable[[], UpgradeFacts | None] = lambda: None,
    ) -> None:
        """Each collection calls `capabilities`, `repositories` and `upgrade`, on its own thread;
        `room` is how this daemon contains attempts, and `labels` are its configured labels.
        """
        self._home = home
        self._capabilities = capabilities
        self._repositories = repositories
        self._sandbox = room
        self._labels = dict(labels)
        self._upgrade = upgrade
        self._wake = threading.Event()
        self._is_closed = False
        self.latest = self._collect()
        self._thread = threading.Thread(target=self._run, name="machine-facts", daemon=True)
        self._thread.start()

    def refresh(self) -> None:
        """Request a new collection soon, without waiting for it."""
        self._wake.set()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait(_INTERVAL_SECONDS)
            self._wake.clear()
            try:
                self.latest = self._collect()
            except OSError as error:
                log.warning("can't collect the machine's facts: %s", error)

    def _collect(self) -> MachineFacts:
        facts = metrics.sample_metrics(self._home), self._capabilities(), self._repositories()
        return MachineFacts(*facts, self._sandbox, self._labels, self._upgrade())
