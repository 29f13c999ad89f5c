"""One socket to a terminal, where it is in the output, and whether it lives."""

import time

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidState

from muster.cli.attach.dial import Dialled, encode
from muster.cli.attach.position import NOWHERE, Place, after, moved
from muster.protocol import terminal as wire
from muster.worker.server.websocket import WebSocket

SILENCE = 45.0
"""Seconds: the server pings every 20, so that a line is dead after so many without a sign."""

_UNANSWERED = 10.0  # seconds, after one has asked for a sign
_STALE = 5.0  # seconds without a sign, after which who types asks for one
_STEP = 64 << 10  # bytes after which it is said that they are shown

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


class Gone(Exception):
    """The socket is no more. `code`: with what the server closed it, if it did."""

    def __init__(self, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.code = code


class Attachment:
    """What sends or reads raises Gone. `ready` and `screen` are the first of each that came."""

    def __init__(self, dialled: Dialled, place: Place = NOWHERE) -> None:
        """`place`: from where on it was asked to go on."""
        self.socket: WebSocket = dialled.socket
        self.may = dialled.may
        self.place = place
        self.has_shown = False  # anything: before that its place is none to go on from
        self.ready: wire.ViewerReady | None = None
        self.screen: wire.Screen | None = None
        self.screen_at = 0.0
        self.held: list[bytes | wire.ToViewer] = []  # what came and is not shown yet
        self._asked_at: float | None = None
        self._said_shown = 0

    @property
    def dead_at(self) -> float:
        """When it counts as dead, by the monotonic clock."""
        dead = self.socket.heard_at + SILENCE
        return dead if self._asked_at is None else min(dead, self._asked_at + _UNANSWERED)

    def read(self) -> list[bytes | wire.ToViewer]:
        """What has come, without what only a newer server says."""
        try:
            messages = self.socket.receive()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise Gone("the server has hung up" if code else "the line was cut", code) from None
        except OSError as error:
            raise Gone(str(error)) from None
        self._asked_at = None
        return [frame for message in messages if (frame := _frame(message)) is not None]

    def go_on(self, said: bytes | wire.ToViewer) -> None:
        """Behind it. Raises BeginAnew where that is nowhere that one has been."""
        self.has_shown |= isinstance(said, bytes | wire.Screen)
        if isinstance(said, bytes):
            self.place = after(self.place, len(said))
            return
        self.place = moved(self.place, said)
        if isinstance(said, wire.ViewerReady) and self.ready is None:
            self.ready = said
        elif isinstance(said, wire.Screen) and self.screen is None:
            self.screen, self.screen_at = said, time.monotonic()

    def say(self, frame: wire.TerminalFrame) -> None:
        self._send(encode(frame))

    def type(self, keys: bytes) -> None:
        """Asks for a sign of life with them, where there was none of late."""
        for start in range(0, len(keys), wire.MAX_BYTES):
            self._send(keys[start : start + wire.MAX_BYTES])
        now = time.monotonic()
        if self._asked_at is None and now > self.socket.heard_at + _STALE:
            self._asked_at = now
            self.say(wire.Ping())

    def flush(self) -> None:
        """What was left unsent."""
        try:
            self.socket.flush()
        except OSError as error:
            raise Gone(str(error)) from None

    def tell_shown(self, *, at_once: bool = False) -> None:
        """All up to here is on the screen. Said in steps, or at once after a jump."""
        if at_once or self.place.offset >= self._said_shown + _STEP:
            self._said_shown = self.place.offset
            self.say(wire.Shown(offset=self.place.offset))

    def close(self) -> None:
        """With a goodbye, if there is still somebody to hear it."""
        try:
            self.socket.close()
        except InvalidState:
            self.cut()

    def cut(self) -> None:
        """Without a goodbye."""
        self.socket.cut()
        self.socket.close_socket()

    def _send(self, message: str | bytes) -> None:
        try:
            self.socket.send(message)
        except ConnectionClosed as closed:
            raise Gone("the line was cut", closed.rcvd.code if closed.rcvd else None) from None
        except OSError as error:
            raise Gone(str(error)) from None


def _frame(message: str | bytes) -> bytes | wire.ToViewer | None:
    if isinstance(message, bytes):
        return message
    try:
        return _decoder.decode(message)
    except msgspec.MsgspecError:
        return None
