"""A terminal's connection to a real shim, and what came over it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster.worker.terminals.shim_connection import ShimConnection
from muster.worker.terminals.socket_selector import SocketSelector


class ShimEnd:
    """`messages` are the shim's, `changes` whether it was connected after each change."""

    def __init__(self, directory: Path) -> None:
        self.messages: list[dict[str, Any]] = []
        self.changes: list[bool] = []
        self._watch = SocketSelector()
        self.connection = ShimConnection(
            directory,
            self._watch,
            self.messages.append,
            lambda: self.changes.append(self.connection.is_connected),
        )

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, self.messages
            self._watch.wait(0.05)

    def close(self) -> None:
        self.connection.close()
        self._watch.close()
