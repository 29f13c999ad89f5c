"""Both ends of a terminal, as strict as the protocol: every frame is one of its frames.

`StandInMachine` is no worker: what it "prints" is what a test has it print. `Viewer` is a client.
"""

import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from muster.protocol import terminal as wire
from tests.wait import wait_until

LIMIT = 10.0
F = TypeVar("F", bound=wire.TerminalFrame)

_to_viewer: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)
_to_machine: "msgspec.json.Decoder[wire.ToPtyMachine]" = msgspec.json.Decoder(wire.ToPtyMachine)


def encode(frame: wire.TerminalFrame) -> str:
    return msgspec.json.encode(frame).decode()


def wait_for(condition: Callable[[], Any], limit: float = LIMIT) -> Any:
    return wait_until(condition, seconds=limit)


def dial(url: str, path: str, **options: Any) -> ClientConnection:
    settings = {"compression": None, "ping_interval": None, "close_timeout": 1.0, **options}
    dialled = connect(f"ws{url.removeprefix('http')}{path}", max_size=4 << 20, **settings)
    return dialled.__enter__()  # the caller closes it


def small_socket(url: str) -> socket.socket:
    """A connection that holds little of what was not read."""
    host, port = url.removeprefix("http://").split(":")
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect((host, int(port)))
    return found


def close_code(connection: ClientConnection, limit: float = LIMIT) -> int:
    """With what the server hangs up."""
    deadline = time.monotonic() + limit
    try:
        while True:
            connection.recv(timeout=max(0.001, deadline - time.monotonic()))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def ask_token(
    url: str,
    task_id: int,
    bearer: str,
    mode: str | None = "control",
    terminal: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """POST pty-token: status and body."""
    chosen = {"mode": mode, "terminal": terminal}
    request = urllib.request.Request(
        f"{url}/api/web/tasks/{task_id}/pty-token",
        json.dumps({name: value for name, value in chosen.items() if value}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class StandInMachine:
    """The machine's terminal socket. It answers snapshots with what `screen` says."""

    def __init__(self, url: str, worker_jwt: str, task_id: int, token: str, end: int = 0) -> None:
        self.url, self.task_id, self.end = url, task_id, end
        self.typed = bytearray()
        self.sizes: list[tuple[int, int]] = []
        self.snapshots = 0
        self.screen: Callable[[], str] | None = lambda: "\x1b[2Jscreen"
        self.code: int | None = None
        self._sending = threading.Lock()
        self.socket = dial(url, f"/api/workers/pty/{task_id}")
        self.socket.send(encode(wire.MachineAuth(worker_jwt=worker_jwt, channel_token=token)))
        ready = _to_machine.decode(self.socket.recv(timeout=LIMIT))
        assert isinstance(ready, wire.MachineReady)
        self.ready = ready
        self._send(wire.OutputOffset(offset=self.end))
        self._send(wire.Resize(cols=100, rows=30))
        self._thread = threading.Thread(target=self._receive_all, daemon=True)
        self._thread.start()

    def print(self, data: bytes, size: int = wire.MAX_FRAME_BYTES) -> int:
        """Bytes, in frames of `size`; the offset behind them."""
        with self._sending:
            for start in range(0, len(data), size):
                piece = data[start : start + size]
                self.socket.send(piece)
                self.end += len(piece)
        return self.end

    def skip(self, count: int) -> None:
        """Lose so many bytes, and say so."""
        with self._sending:
            self.end += count
            self.socket.send(encode(wire.OutputOffset(offset=self.end)))

    def resize(self, cols: int, rows: int) -> None:
        self._send(wire.Resize(cols=cols, rows=rows))

    def end_shell(self, reason: str) -> None:
        self._send(wire.ShellEnded(reason=reason))

    def end_shell_and_close(self, reason: str) -> None:
        """Both in one packet, as a worker's may arrive."""
        with self._sending:
            frames = self.socket.protocol
            frames.send_text(encode(wire.ShellEnded(reason=reason)).encode())
            frames.send_close(wire.CloseCode.ENDED)
            self.socket.socket.sendall(b"".join(frames.data_to_send()))

    def close(self) -> None:
        self.socket.close()
        self._thread.join(LIMIT)

    def _send(self, frame: wire.TerminalFrame) -> None:
        with self._sending:
            self.socket.send(encode(frame))

    def _receive_all(self) -> None:
        try:
            for message in self.socket:
                self._receive(message)
        except ConnectionClosed:
            pass
        finally:
            self.code = self.socket.close_code

    def _receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            assert len(message) <= wire.MAX_FRAME_BYTES
            self.typed += message
            return
        match _to_machine.decode(message):
            case wire.Resize(cols=cols, rows=rows):
                self.sizes.append((cols, rows))
                self.resize(cols, rows)
            case wire.Snapshot(number=number):
                self.snapshots += 1
                if self.screen:
                    with self._sending:
                        screen = wire.Screen(
                            offset=self.end, cols=100, rows=30, data=self.screen(), number=number
                        )
                        self.socket.send(encode(screen))
            case other:
                raise AssertionError(f"unexpected {other}")


class Viewer:
    """A client. `data` is what it has seen since its first offset `start`; a gap is kept there as
    the zero bytes it left out, and in `gaps`."""

    def __init__(
        self,
        url: str,
        task_id: int,
        bearer: str,
        channel_token: str,
        resume_from: int | None = None,
        **options: Any,
    ) -> None:
        self.inbox: list[wire.TerminalFrame] = []
        self.data = bytearray()
        self.gaps: list[tuple[int, int]] = []
        self.screens: list[wire.Screen] = []
        self.ready: wire.ViewerReady | None = None
        self.start = self.offset = 0
        self.socket = dial(url, f"/ws/pty/{task_id}", **options)
        auth = wire.ViewerAuth(token=bearer, channel_token=channel_token, resume_from=resume_from)
        self.socket.send(encode(auth))

    def get_ready(self, limit: float = LIMIT) -> Self:
        self.wait_for(wire.ViewerReady, limit)
        return self

    def send(self, frame: wire.TerminalFrame) -> None:
        self.socket.send(encode(frame))

    def press(self, data: bytes) -> None:
        for start in range(0, len(data), wire.MAX_FRAME_BYTES):
            self.socket.send(data[start : start + wire.MAX_FRAME_BYTES])

    def wait_for(self, kind: type[F], limit: float = LIMIT) -> F:
        """The next frame of that kind."""
        deadline = time.monotonic() + limit
        while True:
            for place, frame in enumerate(self.inbox):
                if isinstance(frame, kind):
                    return self.inbox.pop(place)  # type: ignore[return-value]
            self.receive(deadline - time.monotonic())

    def wait_for_offset(self, offset: int, limit: float = LIMIT) -> bytes:
        """All that has been seen, once it reaches so far."""
        deadline = time.monotonic() + limit
        while self.offset < offset:
            self.receive(deadline - time.monotonic())
        return bytes(self.data)

    def receive(self, seconds: float) -> None:
        message = self.socket.recv(timeout=max(seconds, 0.001))
        if isinstance(message, bytes):
            assert self.ready is not None
            assert 0 < len(message) <= wire.MAX_FRAME_BYTES
            self.data += message
            self.offset += len(message)
            return
        frame = _to_viewer.decode(message)
        match frame:
            case wire.ViewerReady(offset=offset):
                assert self.ready is None
                self.ready, self.start, self.offset = frame, offset, offset
            case wire.Gap(start=start, end=end):
                assert start == self.offset < end
                self.gaps.append((start, end))
                self.data += bytes(end - start)
                self.offset = end
            case wire.Screen(offset=offset):
                assert offset == self.offset
                self.screens.append(frame)
            case wire.Ping():
                self.send(wire.Pong())
        self.inbox.append(frame)

    def code(self, limit: float = LIMIT) -> int:
        return close_code(self.socket, limit)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.socket.close()

    def cut(self) -> None:
        """As a train's wifi does."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def closing(*ends: Any) -> Iterator[None]:
    try:
        yield
    finally:
        for end in ends:
            end.close()
