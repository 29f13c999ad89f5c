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
        self._told = 0

    def tell(self) -> None:
        """Reports what has come since the last time."""
        with self._lock:
            for stage, host in refusals.read(self._directory)[self._told :]:
                self._told += 1
                self._reporter.say(EgressRefused(stage, host))
