"""A FAKE of the runner's end of the tools' socket: the calls, and their answers."""

import json
import queue
import socket
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[5]
BARE = ["-I", "-S", "-X", "utf8", "-c"]
ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.mcp_server import server; "
    "server._PROGRESS_INTERVAL_SECONDS = float(sys.argv[2]); server.main()"
)
TIMEOUT_SECONDS = 20.0  # seconds for anything


def command(beat: float = 10.0) -> list[str]:
    """The server, in a bare interpreter as in a sandbox."""
    return [sys.executable, *BARE, ENTRY, str(ROOT), str(beat)]


class Call:
    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(TIMEOUT_SECONDS)
        self._connection = connection
        self._lines = connection.makefile("rb")
        self.said: dict[str, Any] = json.loads(self._lines.readline())

    def answer(self, answer: object) -> None:
        self._connection.sendall(json.dumps(answer).encode() + b"\n")
        self.close()

    def wait_until_closed(self) -> bool:
        return self._lines.readline() == b""

    def close(self) -> None:
        self._lines.close()
        self._connection.close()


class RunnerStandIn:
    def __init__(self, directory: Path) -> None:
        self.path = str(directory / "asking")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._calls: queue.Queue[Call] = queue.Queue()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def call(self) -> Call:
        """The next one."""
        return self._calls.get(timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT_SECONDS)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._calls.put(Call(connection))
