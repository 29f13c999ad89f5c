"""The frames of a terminal's WebSocket (RFC 6455), read on the thread that waits for them.

The handshake is flask-sock's. After it, simple-websocket would read on its own thread, wake another
with an event per message, and parse with wsproto: several times the other costs of a keystroke. So
this takes over its connection. Complete writes and their lock come from
`app.sockets.SendAllSocket`, as before.
"""

import contextlib
import socket
import threading
import time
from typing import Any

from simple_websocket import ConnectionClosed

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
PROTOCOL_ERROR, BAD_TEXT = 1002, 1007

CLOSE_TIMEOUT_SECONDS = 1.0
"""Seconds for a peer to answer our close frame.

Closing a socket with unread data makes the kernel reset the connection, which loses the frame.
"""

_CHUNK_BYTES = 1 << 18
_FINAL, _RESERVED, _CONTROL, _MASKED = 0x80, 0x70, 0x8, 0x80
_NO_CODE = 1005
_CODES = (range(1000, 1004), range(1007, 1015), range(3000, 5000))


class MessageTooBig(ValueError):
    """The message exceeds the size limit."""


class ProtocolViolation(ValueError):
    """The peer violates RFC 6455. `code` is the close code for the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class WebSocket:
    """A server's end of a connection. One thread receives; any may send, or close."""

    def __init__(self, ws: Any, largest: int, silence: float) -> None:
        """Take over the connection of flask-sock's `ws`, whose thread hasn't started.

        `largest`: maximum bytes per message. `silence`: seconds without a byte after which the peer
        counts as gone.
        """
        self.sock = ws.sock
        self.is_open = True
        self._max_bytes, self._silence_timeout = largest, silence
        self._data = bytearray()
        self._fragments = bytearray()  # the received part of a fragmented message
        self._message_opcode = 0  # likewise
        self._is_closing = self._is_reading = False
        self._reader_done = threading.Event()
        ws.connected = False  # it doesn't send its own close frame
        self.sock.settimeout(silence)
        with contextlib.suppress(OSError):  # not a TCP socket
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # ---- up --------------------------------------------------------------------------------------

    def receive(self, seconds: float | None = None) -> str | bytes | None:
        """Return the next message; None if none comes within that time.

        Raises ConnectionClosed, MessageTooBig, ProtocolViolation.
        """
        until = None if seconds is None else time.monotonic() + seconds
        self._is_reading = True
        try:
            while (message := self.next_buffered()) is None:
                if not self._fill(until):
                    return None
            return message
        finally:
            self._is_reading = False
            if not self.is_open:
                self._reader_done.set()

    def next_buffered(self) -> str | bytes | None:
        """Return the next message if it's already buffered, else None.

        Raises ConnectionClosed, MessageTooBig, ProtocolViolation.
        """
        while (frame := self._parse_frame()) is not None:
            message = self._handle_frame(*frame)
            if message is not None and not self._is_closing:
                return message
        if not self.is_open:
            raise ConnectionClosed()
        return None

    def _fill(self, until: float | None) -> bool:
        """Read some bytes; False if none came until then. Raises ConnectionClosed."""
        if until is not None:
            # Checked each time: a peer that never stops sending would never time out.
            left = until - time.monotonic()
            if left <= 0:
                return False
            self.sock.settimeout(left)
        try:
            received = self.sock.recv(_CHUNK_BYTES)
        except TimeoutError:
            if until is not None:
                return False
            received = b""
        except OSError:
            received = b""
        finally:
            if until is not None:
                with contextlib.suppress(OSError):
                    self.sock.settimeout(self._silence_timeout)
        if not received:
            self.is_open = False
            raise ConnectionClosed()
        self._data += received
        return True

    def _parse_frame(self) -> tuple[int, bool, bytes] | None:
        """Return the next frame: its opcode, whether it ends its message, and its payload.

        None while it's incomplete. Raises MessageTooBig, ProtocolViolation.
        """
        data = self._data
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        opcode, length, start = first & 0xF, second & 0x7F, 2
        if first & _RESERVED or not second & _MASKED:
            raise ProtocolViolation(PROTOCOL_ERROR, "a frame with extensions or without a mask")
        if opcode & _CONTROL and (length > 125 or not first & _FINAL):
            raise ProtocolViolation(PROTOCOL_ERROR, "a large or fragmented control frame")
        if length > 125:
            start += 2 if length == 126 else 8
            if len(data) < start:
                return None
            length = int.from_bytes(data[2:start], "big")
        if length > self._max_bytes:
            raise MessageTooBig
        end = start + 4 + length
        if len(data) < end:
            return None
        payload = _unmask(data[start + 4 : end], data[start : start + 4])
        del data[:end]
        return opcode, bool(first & _FINAL), payload

    def _handle_frame(self, opcode: int, is_last: bool, payload: bytes) -> str | bytes | None:
        """Handle a frame; return the message that it completes, if any.

        Raises ConnectionClosed, MessageTooBig, ProtocolViolation.
        """
        if opcode & _CONTROL:
            self._handle_control(opcode, payload)
            return None
        if (opcode == CONTINUATION) != bool(self._message_opcode) or opcode > BINARY:
            raise ProtocolViolation(PROTOCOL_ERROR, f"an unexpected frame of kind {opcode}")
        self._message_opcode = opcode or self._message_opcode
        if opcode == CONTINUATION or not is_last:
            # Not a list: fragments may be empty, and endless.
            self._fragments += payload
            if len(self._fragments) > self._max_bytes:
                raise MessageTooBig
            if not is_last:
                return None
            payload = bytes(self._fragments)
            self._fragments.clear()
        kind, self._message_opcode = self._message_opcode, 0
        if kind == BINARY:
            return payload
        try:
            return payload.decode()
        except UnicodeDecodeError:
            raise ProtocolViolation(BAD_TEXT, "a text that isn't UTF-8") from None

    def _handle_control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            with contextlib.suppress(OSError):
                self.sock.send(_frame_header(PONG, len(payload)) + payload)
        elif opcode == CLOSE:
            if payload and not _is_valid_close(payload):
                raise ProtocolViolation(PROTOCOL_ERROR, "an invalid close code")
            if not self._is_closing:
                self._is_closing = True
                with contextlib.suppress(OSError):
                    self.sock.send(_frame_header(CLOSE, len(payload[:2])) + payload[:2])
            self.is_open = False
            raise ConnectionClosed()
        elif opcode != PONG:
            raise ProtocolViolation(PROTOCOL_ERROR, f"a frame of unknown kind {opcode}")

    # ---- down ------------------------------------------------------------------------------------

    def send(self, message: str | bytes) -> None:
        """Send the message; blocks until the peer accepts it. Raises ConnectionClosed, OSError."""
        if not self.is_open or self._is_closing:
            raise ConnectionClosed()
        kind, data = (BINARY, message) if isinstance(message, bytes) else (TEXT, message.encode())
        self.sock.send(_frame_header(kind, len(data)) + data)

    def ping(self) -> None:
        """Send a ping, which any client answers by itself. Raises OSError."""
        self.sock.send(_frame_header(PING, 0))

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame, give the peer a moment to answer, and end the connection."""
        if self.is_open and not self._is_closing:
            self._is_closing = True
            body = b"" if code == _NO_CODE else code.to_bytes(2, "big") + reason.encode()[:123]
            with contextlib.suppress(OSError):
                self.sock.send(_frame_header(CLOSE, len(body)) + body)
                self._await_close()
        self.is_open = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _await_close(self) -> None:
        """Read until the peer has answered or disconnected, or let the receiving thread do so."""
        if self._is_reading:
            self._reader_done.wait(CLOSE_TIMEOUT_SECONDS)
            return
        until = time.monotonic() + CLOSE_TIMEOUT_SECONDS
        try:
            self.receive(CLOSE_TIMEOUT_SECONDS)
        except ConnectionClosed:
            return
        except (
            MessageTooBig,
            ProtocolViolation,
        ):  # what follows can't be parsed, but is still unread
            self._discard_input(until)

    def _discard_input(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            self.sock.settimeout(left)
            if not self.sock.recv(_CHUNK_BYTES):
                return


def _is_valid_close(payload: bytes) -> bool:
    """Whether a close frame's payload starts with a valid code (RFC 6455, 7.4), followed by
    UTF-8.
    """
    code = int.from_bytes(payload[:2], "big")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return False
    return len(payload) > 1 and any(code in codes for codes in _CODES)


def _frame_header(opcode: int, length: int) -> bytes:
    if length < 126:
        return bytes((_FINAL | opcode, length))
    if length < 1 << 16:
        return bytes((_FINAL | opcode, 126)) + length.to_bytes(2, "big")
    return bytes((_FINAL | opcode, 127)) + length.to_bytes(8, "big")


def _unmask(data: bytes | bytearray, mask: bytes | bytearray) -> bytes:
    """Return the data without its mask, by XOR of two large numbers: the fastest way in Python."""
    length = len(data)
    key = int.from_bytes(mask * (length // 4) + mask[: length % 4], "little")
    return (int.from_bytes(data, "little") ^ key).to_bytes(length, "little")
