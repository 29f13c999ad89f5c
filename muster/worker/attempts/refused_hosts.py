"""What an attempt's stages were refused by their network, reported once."""

import threading
from pathlib import Path

from muster.protocol.frames import EgressRefused
from muster.worker.attempts.context import Reporter
from muster.worker.shim import refusals


class RefusedHosts:
    """Safe from any thread. A daemon that starts anew reports what an earlier one may have
    reported: the server makes one event of each."""

    def __init__(self, reporter: Reporter, directory: Path) -> None:
        self._reporter = reporter
        self._directory = directory
        self._lock = threading.Lock()
        self._reported_count = 0

    def report_new(self) -> None:
        """Reports what has come since the last time."""
        with self._lock:
            for stage, host in refusals.read(self._directory)[self._reported_count :]:
                self._reported_count += 1
                self._reporter.report(EgressRefused(stage, host))
