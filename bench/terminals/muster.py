"""Muster's terminals: a real machine, the real server, and a client of its API."""

import time
from dataclasses import dataclass

import msgspec

from app.embedded.processes import wait_until
from bench.errors import NotMeasured
from bench.rig import TASKS, Rig
from bench.session import Session
from bench.terminals import shells, viewer_client
from bench.terminals.websocket import WebSocket
from muster.protocol import terminal as wire

_START_SECONDS = 60.0
_SILENCE = 60.0  # but for pings

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


class MusterViewer:
    """Raises NotMeasured. `ready` and `screen` are the latest that came."""

    def __init__(
        self, session: Session, port: int, task_id: int, buffer: int | None = None
    ) -> None:
        self.ready: wire.ViewerReady | None = None
        self.screen: wire.Screen | None = None
        self.came = self.skipped = 0  # bytes, and bytes that were not sent, as a gap says
        token = session.post(f"{TASKS}/{task_id}/pty-token", {"mode": "control"})["channelToken"]
        self.dialled = time.perf_counter()
        self._socket = WebSocket(port, f"/ws/pty/{task_id}", buffer)
        auth = wire.ViewerAuth(token=session.access_token, channel_token=token)
        self._socket.send(msgspec.json.encode(auth).decode())
        self.close = self._socket.close

    def press(self, data: bytes) -> None:
        self._socket.send(data)

    def read(self) -> bytes:
        """The next bytes, or what the next screen shows."""
        deadline = time.monotonic() + _SILENCE
        while time.monotonic() < deadline:
            message = self._socket.receive()
            if isinstance(message, bytes):
                self.came += len(message)
                return message
            match frame := _decoder.decode(message):
                case wire.ViewerReady():
                    self.ready = frame
                case wire.Screen(data=data):
                    self.screen = frame
                    return data.encode()
                case wire.Gap(start=start, end=end):
                    self.skipped += end - start
                case wire.Ping():
                    self._socket.send(msgspec.json.encode(wire.Pong()).decode())
        raise NotMeasured(f"Muster's terminal has shown nothing for {_SILENCE:.0f} s")


@dataclass
class Attach:
    """Seconds until a right screen was there, from dialing, and from asking for the token."""

    dialled: float
    asked: float


class Muster:
    """Tasks that run the shells on the rig's machine, which has a slot for each of them."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._tasks: dict[str, int] = {}

    def start(self, terminal: str, shell: str) -> None:
        """A task of its own. Returns when its shell is ready."""
        key = terminal.upper()
        self._rig.add_project(key, "custom", shell)
        body = {"projectKey": key, "description": "measured"}
        task_id = int(self._rig.session.post(TASKS, body)["id"])
        self._tasks[terminal] = task_id
        if not wait_until(lambda: self._is_ready(task_id), _START_SECONDS, pause=0.05):
            raise NotMeasured(f"task {task_id} does not run its shell")

    def task(self, terminal: str) -> int:
        """Its task's id."""
        return self._tasks[terminal]

    def open(self, terminal: str, receive_buffer: int | None = None) -> MusterViewer:
        rig = self._rig
        return MusterViewer(rig.session, rig.stack.port, self._tasks[terminal], receive_buffer)

    def attach(self, terminal: str, shown: bytes) -> Attach:
        """Raises NotMeasured for a screen that does not show that."""
        begun = time.perf_counter()
        viewer = self.open(terminal)
        data = viewer.read()
        ended = time.perf_counter()
        viewer.close()
        if viewer.screen is None or shown not in data:
            raise NotMeasured(f"not the right screen, but {data[-300:]!r}")
        return Attach(ended - viewer.dialled, ended - begun)

    def history(self, terminal: str) -> int:
        """Bytes of output so far, as its durable log has them."""
        return self._rig.session.size(f"{TASKS}/{self._tasks[terminal]}/logs/raw")

    def _is_ready(self, task_id: int) -> bool:
        size = self._rig.session.size(f"{TASKS}/{task_id}/logs/raw")
        if size < len(shells.READY):
            return False
        viewer = MusterViewer(self._rig.session, self._rig.stack.port, task_id)
        viewer_client.read_until(viewer, shells.READY)
        viewer.close()
        return True
