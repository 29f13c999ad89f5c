"""The bare relay, its PTYs and its viewers."""

import sys
from pathlib import Path

from app.embedded import ports, probes
from app.embedded.processes import wait_until
from app.embedded.stack import Stack
from bench.errors import NotMeasured
from bench.terminals import shells
from bench.terminals.websocket import WebSocket

_START_SECONDS = 30.0
_CONNECTIONS = 1_000


class BareRelay:
    """Starts them as children of the stack, over its Valkey. Raises NotMeasured."""

    def __init__(self, stack: Stack, scratch: Path) -> None:
        self._port = ports.find_free_port()
        plain = scratch / "relay.conf.py"
        plain.touch()  # Muster's own would be read otherwise
        serve = ["-k", "gevent", "-w", "1", "--worker-connections", str(_CONNECTIONS)]
        options = ["-c", str(plain), "-b", f"{ports.LOOPBACK}:{self._port}", "--no-control-socket"]
        gunicorn = [sys.executable, "-m", "gunicorn", *serve, *options, "bench.terminals.relay:app"]
        stack.launch("relay", gunicorn, {"RELAY_REDIS": stack.env["REDIS_URL"]})
        if not wait_until(self._answers, _START_SECONDS, pause=0.05):
            raise NotMeasured("the bare relay doesn't start")
        # Viewers see only later output, so they connect first.
        self._early = [self.open(name) for name in ("echo", "flood")]
        for name, shell in (("echo", shells.ECHO), ("flood", shells.FLOOD)):
            hold = [
                sys.executable,
                "-m",
                "bench.terminals.bare_machine",
                str(self._port),
                name,
                shell,
            ]
            stack.launch(f"holder-{name}", hold)

    def first(self, terminal: str) -> "_Viewer":
        """Return the viewer that connected first."""
        return self._early[0 if terminal == "echo" else 1]

    def open(self, terminal: str, receive_buffer: int | None = None) -> "_Viewer":
        return _Viewer(WebSocket(self._port, f"/viewer/{terminal}", receive_buffer))

    def _answers(self) -> bool:
        return probes.probe(self._port, "/healthz", tls=False)[0] == 200


class _Viewer:
    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self.press = socket.send
        self.close = socket.close

    def read(self) -> bytes:
        message = self._socket.receive()
        assert isinstance(message, bytes)
        return message
