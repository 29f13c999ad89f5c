"""Read a client's request with limits on bytes and time."""

import socket
from time import monotonic

_READ_BYTES = 16 << 10


class Malformed(Exception):
    """The request isn't supported here; the message says why."""


class ClientDisconnected(Exception):
    """The client is gone, or took too long."""


class BoundedReader:
    """The first bytes of a connection; bytes that were read too far stay for the next reader."""

    def __init__(self, connection: socket.socket, patience: float) -> None:
        """All reads together may take `patience` seconds."""
        self._connection = connection
        self._deadline = monotonic() + patience
        self._buffer = b""

    def peek(self) -> int:
        """Return the next byte without consuming it. Raises ClientDisconnected."""
        self._fill(1)
        return self._buffer[0]

    def read(self, size: int) -> bytes:
        """Return exactly that many bytes. Raises ClientDisconnected."""
        self._fill(size)
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def read_until(self, mark: bytes, limit: int) -> bytes:
        """Return the bytes before a marker, and skip the marker. Raises Malformed,
        ClientDisconnected."""
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > limit:
                break
            self._fill(len(self._buffer) + 1)
        if not 0 <= at <= limit:
            raise Malformed(f"a request head has more than {limit} bytes")
        taken, self._buffer = self._buffer[:at], self._buffer[at + len(mark) :]
        return taken

    def read_rest(self) -> bytes:
        """Return the bytes that were read and not consumed."""
        taken, self._buffer = self._buffer, b""
        return taken

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            left = self._deadline - monotonic()
            if left <= 0:
                raise ClientDisconnected
            try:
                self._connection.settimeout(left)
                received = self._connection.recv(_READ_BYTES)
            except OSError:
                raise ClientDisconnected from None
            if not received:
                raise ClientDisconnected
            self._buffer += received
