"""One socket to a terminal, its position in the output, and its health."""

import time

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidState

from muster.cli.attach.dial import DialedSocket, encode
from muster.cli.attach.position import UNKNOWN_POSITION, Position, advance_by, apply_frame
from muster.protocol import terminal as wire
from muster.worker.server.websocket import WebSocket

SILENCE_TIMEOUT_SECONDS = 45.0
"""Seconds without a message before a socket counts as dead; the server pings every 20."""

_PING_TIMEOUT_SECONDS = 10.0  # for an answer to our ping
_PING_AFTER_SECONDS = 5.0  # of silence, after which input sends a ping
_ACK_STEP_BYTES = 64 << 10  # output shown between two acknowledgments

_decoder: "msgspec.json.Decoder[wire.ToViewer]" = msgspec.json.Decoder(wire.ToViewer)


class ConnectionLost(Exception):
    """The socket is gone. `code` and `reason`: those of the server's close, if it sent one."""

    def __init__(self, why: str, code: int | None = None, reason: str = "") -> None:
        super().__init__(why)
        self.code, self.reason = code, reason


class Attachment:
    """A socket in use. Methods that send or read raise ConnectionLost.

    `ready` and `screen` are the first frames of their kind.
    """

    def __init__(self, dialled: DialedSocket, place: Position = UNKNOWN_POSITION) -> None:
        """`place`: the position that it resumes from."""
        self.socket: WebSocket = dialled.socket
        self.max_mode = dialled.max_mode
        self.position = place
        self.has_output = False  # before any output, its position is no use to resume from
        self.ready: wire.ViewerReady | None = None
        self.screen: wire.Screen | None = None
        self.screen_at = 0.0
        self.buffered: list[bytes | wire.ToViewer] = []  # received but not shown yet
        self._pinged_at: float | None = None
        self._acked_offset = 0

    @property
    def times_out_at(self) -> float:
        """When it counts as dead, on the monotonic clock."""
        dead = self.socket.last_received_at + SILENCE_TIMEOUT_SECONDS
        return (
            dead if self._pinged_at is None else min(dead, self._pinged_at + _PING_TIMEOUT_SECONDS)
        )

    def read(self) -> list[bytes | wire.ToViewer]:
        """Return received frames, without those that only a newer server sends."""
        try:
            messages = self.socket.receive()
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise ConnectionLost("the connection was lost") from None
            end = (closed.rcvd.code, closed.rcvd.reason)
            raise ConnectionLost("the server closed the connection", *end) from None
        except OSError as error:
            raise ConnectionLost(str(error)) from None
        self._pinged_at = None
        return [frame for message in messages if (frame := _decode_frame(message)) is not None]

    def advance(self, message: bytes | wire.ToViewer) -> None:
        """Move the position past a message. Raises RestartRequired if the server restarted."""
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
        """Send keys, with a ping if the server was silent."""
        for start in range(0, len(keys), wire.MAX_FRAME_BYTES):
            self._send(keys[start : start + wire.MAX_FRAME_BYTES])
        now = time.monotonic()
        if self._pinged_at is None and now > self.socket.last_received_at + _PING_AFTER_SECONDS:
            self._pinged_at = now
            self.send_frame(wire.Ping())

    def flush(self) -> None:
        """Send pending bytes."""
        try:
            self.socket.flush()
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def ack_output(self, *, at_once: bool = False) -> None:
        """Acknowledge shown output, in steps; `at_once`: now, after a jump."""
        if at_once or self.position.offset >= self._acked_offset + _ACK_STEP_BYTES:
            self._acked_offset = self.position.offset
            self.send_frame(wire.OutputAck(offset=self.position.offset))

    def close(self) -> None:
        """Close with a close frame if the connection still allows it."""
        try:
            self.socket.close()
        except InvalidState:
            self.abort()

    def abort(self) -> None:
        """Close without a close frame."""
        self.socket.abort()
        self.socket.close_socket()

    def _send(self, message: str | bytes) -> None:
        try:
            self.socket.send(message)
        except ConnectionClosed as closed:
            raise ConnectionLost(
                "the connection was lost", closed.rcvd.code if closed.rcvd else None
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
