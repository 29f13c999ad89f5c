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
_SILENCE = 60.0  # except pings

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


class MusterViewer:
    """A viewer of Muster. Raises NotMeasured. `ready` and `screen` are the latest frames."""

    def __init__(
        self, session: Session, port: int, task_id: int, buffer: int | None = None
    ) -> None:
        self.ready: wire.ViewerReady | None = None
        self.screen: wire.Screen | None = None
        self.came = self.skipped = 0  # bytes, and bytes in gaps
        token = session.post(f"{TASKS}/{task_id}/pty-token", {"mode": "control"})["channelToken"]
        self.dialled = time.perf_counter()
        self._socket = WebSocket(port, f"/ws/pty/{task_id}", buffer)
        auth = wire.ViewerAuth(token=session.access_token, channel_token=token)
        self._socket.send(msgspec.json.encode(auth).decode())
        self.close = self._socket.close

    def press(self, data: bytes) -> None:
        self._socket.send(data)

    def read(self) -> bytes:
        """Return the next bytes, or the next screen."""
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
        raise NotMeasured(f"Muster's terminal was silent for {_SILENCE:.0f} s")


@dataclass
class Attach:
    """Seconds to a correct screen, from dialing and from requesting the token."""

    dialled: float
    asked: float


class Muster:
    """Tasks that run the shells on the rig's machine, which has a slot for each."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._tasks: dict[str, int] = {}

    def start(self, terminal: str, shell: str) -> None:
        """Create a separate task. Returns once its shell is ready."""
        key = terminal.upper()
        self._rig.add_project(key, "custom", shell)
        body = {"projectKey": key, "description": "measured"}
        task_id = int(self._rig.session.post(TASKS, body)["id"])
        self._tasks[terminal] = task_id
        if not wait_until(lambda: self._is_ready(task_id), _START_SECONDS, pause=0.05):
            raise NotMeasured(f"task {task_id} isn't running its shell")

    def task(self, terminal: str) -> int:
        """Return the ID of a terminal's task."""
        return self._tasks[terminal]

    def open(self, terminal: str, receive_buffer: int | None = None) -> MusterViewer:
        rig = self._rig
        return MusterViewer(rig.session, rig.stack.port, self._tasks[terminal], receive_buffer)

    def attach(self, terminal: str, shown: bytes) -> Attach:
        """Time an attach. Raises NotMeasured if the screen doesn't show `shown`."""
        begun = time.perf_counter()
        viewer = self.open(terminal)
        data = viewer.read()
        ended = time.perf_counter()
        viewer.close()
        if viewer.screen is None or shown not in data:
            raise NotMeasured(f"wrong screen: {data[-300:]!r}")
        return Attach(ended - viewer.dialled, ended - begun)

    def history(self, terminal: str) -> int:
        """Return the bytes of output so far, from its stored log."""
        return self._rig.session.size(f"{TASKS}/{self._tasks[terminal]}/logs/raw")

    def _is_ready(self, task_id: int) -> bool:
        size = self._rig.session.size(f"{TASKS}/{task_id}/logs/raw")
        if size < len(shells.READY):
            return False
        viewer = MusterViewer(self._rig.session, self._rig.stack.port, task_id)
        viewer_client.read_until(viewer, shells.READY)
        viewer.close()
        return True
