"""The peer: terminado serves a shell in a PTY over one WebSocket, without a relay."""

import json
import time
from pathlib import Path

from app.embedded import ports
from app.embedded.processes import wait_until
from app.embedded.stack import Stack
from bench import venvs
from bench.command import Print
from bench.errors import NotMeasured
from bench.terminals import shells
from bench.terminals.websocket import WebSocket

VERSION = "0.18.1"
_PACKAGES = (f"terminado=={VERSION}", "tornado==6.6.1")
_START_SECONDS = 30.0

# From its documentation.
_SERVER = """
import asyncio, json, sys
import tornado.web
from terminado import NamedTermManager, TermSocket

async def serve(port, shells):
    tornado.web.Application([
        (rf"/{name}/(\\w+)", TermSocket,
         {"term_manager": NamedTermManager(shell_command=["sh", "-c", shell])})
        for name, shell in shells.items()
    ]).listen(port, "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(serve(int(sys.argv[1]), json.loads(sys.argv[2])))
"""


def install(say: Print) -> Path:
    """Return the directory of its commands. Raises CannotInstall."""
    return venvs.install(f"terminado-{VERSION}", _PACKAGES, say)


class Terminado:
    """Starts a separate server as a child of the stack. Raises NotMeasured."""

    def __init__(self, stack: Stack, commands: Path, name: str = "terminado") -> None:
        self._port = ports.find_free_port()
        served = json.dumps({"echo": shells.ECHO, "flood": shells.FLOOD, "pace": shells.PACE})
        python = str(commands / "python")
        process = stack.launch(name, [python, "-c", _SERVER, str(self._port), served])
        self.pid = process.pid
        if not wait_until(self._answers, _START_SECONDS, pause=0.05):
            raise NotMeasured("terminado doesn't start")

    def open(self, terminal: str, receive_buffer: int | None = None) -> "_Viewer":
        return _Viewer(WebSocket(self._port, f"/{terminal}/a", receive_buffer))

    def attach(self, terminal: str) -> float:
        """Return the seconds to the first byte of the replayed history."""
        begun = time.perf_counter()
        socket = WebSocket(self._port, f"/{terminal}/a")
        socket.receive()  # its greeting
        socket.begin()
        took = time.perf_counter() - begun
        socket.close()
        return took

    def _answers(self) -> bool:
        try:
            self.open("echo").close()
        except (NotMeasured, OSError):
            return False
        return True


class _Viewer:
    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self.close = socket.close

    def press(self, data: bytes) -> None:
        self._socket.send(json.dumps(["stdin", data.decode()]))

    def read(self) -> bytes:
        while True:
            kind, *rest = json.loads(self._socket.receive())
            if kind == "stdout":
                return str(rest[0]).encode()
