"""The hosts that the network of an attempt's stages refused, reported once."""

import threading
from pathlib import Path

from muster.protocol.frames import EgressRefused
from muster.worker.attempts.context import Reporter
from muster.worker.shim import refusals


class RefusedHosts:
    """Safe from any thread. A restarted daemon may repeat an earlier one's reports: the server
    creates one event for each host."""

    def __init__(self, reporter: Reporter, directory: Path) -> None:
        self._reporter = reporter
        self._directory = directory
        self._lock = threading.Lock()
        self._reported_count = 0

    def report_new(self) -> None:
        """Report the hosts since the last report."""
        with self._lock:
            for stage, host in refusals.read(self._directory)[self._reported_count :]:
                self._reported_count += 1
                self._reporter.report(EgressRefused(stage, host))
