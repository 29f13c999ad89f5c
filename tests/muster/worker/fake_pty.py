"""A FAKE of the server's side of terminals: strict, with one connection at a time as a rule."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

from muster.protocol.terminal import (
    MAX_FRAME_BYTES,
    CloseCode,
    FromPtyMachine,
    MachineAuth,
    MachineReady,
    OutputOffset,
    Resize,
    Screen,
    ShellEnded,
    Snapshot,
    TerminalFrame,
)

_decoder: "msgspec.json.Decoder[FromPtyMachine]" = msgspec.json.Decoder(FromPtyMachine)


class FakePty:
    """Knobs: `offset` (in `ready`), `token`; clearing `reads` stops reading."""

    def __init__(self, changed: threading.Condition, violate: Callable[[str], None]) -> None:
        self.offset: int | None = 0
        self.token = "channel-1"
        self.reads = threading.Event()
        self.reads.set()
        self.calls: list[TerminalConnection] = []
        self.ended = 0
        self._changed = changed
        self._violate = violate

    @property
    def call(self) -> "TerminalConnection":
        return self.calls[-1]

    def speak(self, socket: ServerConnection, path: str) -> None:
        with suppress(ConnectionClosed, TimeoutError):
            self._serve_connection(socket, path)
        with self._changed:
            self.ended += 1
            self._changed.notify_all()

    def _serve_connection(self, socket: ServerConnection, path: str) -> None:
        auth = _decoder.decode(socket.recv(timeout=5))
        if not isinstance(auth, MachineAuth) or auth.channel_token != self.token:
            socket.close(CloseCode.UNAUTHENTICATED, "no such token")
            return
        socket.send(msgspec.json.encode(MachineReady(self.offset)).decode())
        call = TerminalConnection(socket, path)
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        while True:
            self.reads.wait()
            message = socket.recv()
            with self._changed:
                if (wrong := call.receive(message)) is not None:
                    self._violate(wrong)
                self._changed.notify_all()


class TerminalConnection:
    """The messages of one connection."""

    def __init__(self, socket: ServerConnection, path: str) -> None:
        self.socket = socket
        self.path = path
        self.begin: int | None = None
        self.position = 0
        self.output = bytearray()
        self.jumps: list[tuple[int, int]] = []
        self.sizes: list[tuple[int, tuple[int, int]]] = []  # offset, columns and rows
        self.screens: list[Screen] = []
        self.frames = 0
        self.ended: list[str] = []

    def send(self, frame: TerminalFrame | bytes) -> None:
        is_keys = isinstance(frame, bytes)
        self.socket.send(frame if is_keys else msgspec.json.encode(frame).decode())

    def type(self, keys: bytes) -> None:
        for start in range(0, len(keys), MAX_FRAME_BYTES):
            self.send(keys[start : start + MAX_FRAME_BYTES])

    def resize(self, cols: int, rows: int) -> None:
        self.send(Resize(cols, rows))

    def ask_screen(self, number: int) -> None:
        self.send(Snapshot(number))

    def receive(self, message: str | bytes) -> str | None:
        """Return what is wrong with it, if anything is."""
        if isinstance(message, bytes):
            self.output += message
            self.position += len(message)
            self.frames += 1
            if self.begin is None:
                return "bytes before their offset"
            return f"{len(message)} bytes in a frame" if len(message) > MAX_FRAME_BYTES else None
        return self._receive_frame(_decoder.decode(message))

    def _receive_frame(self, frame: Any) -> str | None:
        match frame:
            case ShellEnded(reason):
                self.ended.append(reason)
                return None
            case OutputOffset(offset):
                if self.begin is None:
                    self.begin = offset
                else:
                    self.jumps.append((self.position, offset))
                self.position = offset
            case Resize(cols, rows):
                self.sizes.append((self.position, (cols, rows)))
            case Screen():
                self.screens.append(frame)
                if frame.offset != self.position:
                    return f"a screen at {frame.offset} between bytes at {self.position}"
            case _:
                return f"{frame} out of place"
        return None if self.begin is not None else "something before the offset"
