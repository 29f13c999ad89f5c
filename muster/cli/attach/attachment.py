"""One socket to a terminal, where it is in the output, and whether it lives."""

import time

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidState

from muster.cli.attach.dial import DialedSocket, encode
from muster.cli.attach.position import UNKNOWN_POSITION, Position, advance_by, apply_frame
from muster.protocol import terminal as wire
from muster.worker.server.websocket import WebSocket

SILENCE_TIMEOUT_SECONDS = 45.0
"""Seconds: the server pings every 20, so that a line is dead after so many without a sign."""

_PING_TIMEOUT_SECONDS = 10.0  # seconds, after one has asked for a sign
_PING_AFTER_SECONDS = 5.0  # seconds without a sign, after which who types asks for one
_ACK_STEP_BYTES = 64 << 10  # bytes after which it is said that they are shown

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


class ConnectionLost(Exception):
    """The socket is no more. `code`: with what the server closed it, if it did."""

    def __init__(self, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.code = code


class Attachment:
    """What sends or reads raises Gone. `ready` and `screen` are the first of each that came."""

    def __init__(self, dialled: DialedSocket, place: Position = UNKNOWN_POSITION) -> None:
        """`place`: from where on it was asked to go on."""
        self.socket: WebSocket = dialled.socket
        self.max_mode = dialled.max_mode
        self.position = place
        self.has_output = False  # anything: before that its place is none to go on from
        self.ready: wire.ViewerReady | None = None
        self.screen: wire.Screen | None = None
        self.screen_at = 0.0
        self.buffered: list[bytes | wire.ToViewer] = []  # what came and is not shown yet
        self._pinged_at: float | None = None
        self._acked_offset = 0

    @property
    def times_out_at(self) -> float:
        """When it counts as dead, by the monotonic clock."""
        dead = self.socket.last_received_at + SILENCE_TIMEOUT_SECONDS
        return (
            dead if self._pinged_at is None else min(dead, self._pinged_at + _PING_TIMEOUT_SECONDS)
        )

    def read(self) -> list[bytes | wire.ToViewer]:
        """What has come, without what only a newer server says."""
        try:
            messages = self.socket.receive()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            raise ConnectionLost(
                "the server has hung up" if code else "the line was cut", code
            ) from None
        except OSError as error:
            raise ConnectionLost(str(error)) from None
        self._pinged_at = None
        return [frame for message in messages if (frame := _decode_frame(message)) is not None]

    def advance(self, message: bytes | wire.ToViewer) -> None:
        """Behind it. Raises BeginAnew where that is nowhere that one has been."""
        self.has_output |= isinstance(message, bytes | wire.Screen)
        if isinstance(message, bytes):
            self.position = advance_by(self.position, len(message))
            return
        self.position = apply_frame(self.position, message)
        if isinstance(message, wire.ViewerReady) and self.ready is None:
            self.ready = message
        elif isinstance(message, wire.Screen) and self.screen is None:
            self.screen, self.screen_at = message, time.monotonic()

    def send_frame(self, frame: wire.TerminalFrame) -> None:
        self._send(encode(frame))

    def send_keys(self, keys: bytes) -> None:
        """Asks for a sign of life with them, where there was none of late."""
        for start in range(0, len(keys), wire.MAX_FRAME_BYTES):
            self._send(keys[start : start + wire.MAX_FRAME_BYTES])
        now = time.monotonic()
        if self._pinged_at is None and now > self.socket.last_received_at + _PING_AFTER_SECONDS:
            self._pinged_at = now
            self.send_frame(wire.Ping())

    def flush(self) -> None:
        """What was left unsent."""
        try:
            self.socket.flush()
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def ack_output(self, *, at_once: bool = False) -> None:
        """All up to here is on the screen. Said in steps, or at once after a jump."""
        if at_once or self.position.offset >= self._acked_offset + _ACK_STEP_BYTES:
            self._acked_offset = self.position.offset
            self.send_frame(wire.OutputAck(offset=self.position.offset))

    def close(self) -> None:
        """With a goodbye, if there is still somebody to hear it."""
        try:
            self.socket.close()
        except InvalidState:
            self.abort()

    def abort(self) -> None:
        """Without a goodbye."""
        self.socket.abort()
        self.socket.close_socket()

    def _send(self, message: str | bytes) -> None:
        try:
            self.socket.send(message)
        except ConnectionClosed as closed:
            raise ConnectionLost(
                "the line was cut", closed.rcvd.code if closed.rcvd else None
            ) from None
        except OSError as error:
            raise ConnectionLost(str(error)) from None


def _decode_frame(message: str | bytes) -> bytes | wire.ToViewer | None:
    if isinstance(message, bytes):
        return message
    try:
        return _decoder.decode(message)
    except msgspec.MsgspecError:
        return None
