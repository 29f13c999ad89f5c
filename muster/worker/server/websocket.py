"""A WebSocket for a thread with other work: only opening and closing it block."""

import contextlib
import socket
import ssl
from time import monotonic
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import CLOSED, OPEN

from muster.protocol.terminal import CloseCode

_READ_BYTES = 1 << 16
_CLOSE_TIMEOUT_SECONDS = 1.0  # seconds for the server to answer it
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class WebSocket:
    """Created, connected and opened by `websockets.sync.client.connect`; see `dialer.dial`.

    Raises ConnectionClosed after the connection has closed, OSError if it breaks.
    """

    def __init__(self, sock: socket.socket, protocol: ClientProtocol, **_: Any) -> None:
        self._socket, self._protocol = sock, protocol
        self._unsent = bytearray()
        self._parts: list[bytes] = []
        self._is_text = False
        self.last_received_at = monotonic()
        self.recv_events_thread = _NoThread()
        self.pending_legacy_warning = False

    # Called by `connect`

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def handshake(self, headers: Any, user_agent: str | None, timeout: float | None) -> None:
        request = self._protocol.connect()
        if headers is not None:
            request.headers.update(headers)
        if user_agent is not None:
            request.headers.setdefault("User-Agent", user_agent)
        self._protocol.send_request(request)
        until = monotonic() + (timeout or 0.0)
        is_open = False
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)
        while not is_open:
            self._socket.settimeout(max(0.001, until - monotonic()))
            self._feed(self._socket.recv(_READ_BYTES))
            is_open = any(isinstance(event, Response) for event in self._protocol.events_received())
            if self._protocol.handshake_exc is not None:
                raise self._protocol.handshake_exc
        self._socket.settimeout(0)

    def start_keepalive(self) -> None:
        """The server pings; `heard_at` is the time of the last input."""

    def close_socket(self) -> None:
        self._socket.close()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Send a close frame, if the peer may still read it, and close the connection."""
        with contextlib.suppress(OSError, ConnectionClosed):
            self._protocol.send_close(code, reason)
            until = monotonic() + _CLOSE_TIMEOUT_SECONDS
            while monotonic() < until:
                self._socket.settimeout(max(0.001, until - monotonic()))
                self._unsent += b"".join(self._protocol.data_to_send())
                self._socket.sendall(self._unsent)
                self._unsent.clear()
                self._feed(self._socket.recv(_READ_BYTES))
                self._protocol.events_received()
                if self._protocol.close_rcvd is not None or self._protocol.state is CLOSED:
                    break
        self._socket.close()

    # For the thread that has it

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def is_full(self) -> bool:
        """Whether the server must read something before more can be sent."""
        return bool(self._unsent)

    def abort(self) -> None:
        """From any thread: close the connection whatever its peer does."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def receive_first(self, seconds: float) -> list[str | bytes]:
        """Return the first message. Raises TimeoutError."""
        until = monotonic() + seconds
        try:
            while True:
                self._socket.settimeout(max(0.001, until - monotonic()))
                self._feed(self._socket.recv(_READ_BYTES))
                if messages := self._take_messages():
                    return messages
                self._require_open()
        finally:
            self._socket.settimeout(0)

    def receive(self) -> list[str | bytes]:
        """Return the received messages."""
        is_tls = isinstance(self._socket, ssl.SSLSocket)
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except _WOULD_BLOCK:
                break
            self._feed(data)
            # Data that TLS has already decrypted is invisible to a poll of the socket.
            if not data or not is_tls:
                break
        messages = self._take_messages()
        # A peer that closed and left can't receive our close frame, but its last messages count.
        with contextlib.suppress(*() if self._protocol.state is OPEN else (OSError,)):
            self.flush()
        if not messages:
            self._require_open()
        return messages

    def send(self, message: str | bytes) -> None:
        self._require_open()
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self.flush()

    def flush(self) -> None:
        """Send as much as the server accepts now."""
        for data in self._protocol.data_to_send():
            self._unsent += data
        if self._unsent:
            with contextlib.suppress(*_WOULD_BLOCK):
                del self._unsent[: self._socket.send(self._unsent)]

    def _feed(self, data: bytes) -> None:
        if data:
            self.last_received_at = monotonic()
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()

    def _require_open(self) -> None:
        if self._protocol.state is not OPEN:
            self._protocol.receive_eof()
            raise self._protocol.close_exc

    def _take_messages(self) -> list[str | bytes]:
        messages: list[str | bytes] = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame) or event.opcode not in (
                Opcode.TEXT,
                Opcode.BINARY,
                Opcode.CONT,
            ):
                continue
            if event.opcode is not Opcode.CONT:
                self._is_text = event.opcode is Opcode.TEXT
            self._parts.append(bytes(event.data))
            if event.fin:
                whole = b"".join(self._parts)
                self._parts.clear()
                messages.append(whole.decode() if self._is_text else whole)
        return messages


class _NoThread:
    """`connect` waits for this when a handshake fails."""

    def join(self) -> None:
        """There is nothing to wait for."""
