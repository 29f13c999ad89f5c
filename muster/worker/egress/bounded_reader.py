"""Reading what a client asks for: bounded in bytes and in time."""

import socket
from time import monotonic

_PIECE = 16 << 10


class Malformed(Exception):
    """What was sent is nothing that is served here; the sentence says why."""


class HungUp(Exception):
    """The client is gone, or took too long."""


class Intake:
    """The first bytes of a connection; what is read too far is kept for whoever comes next."""

    def __init__(self, connection: socket.socket, patience: float) -> None:
        """All of the reading together may take `patience` seconds."""
        self._connection = connection
        self._deadline = monotonic() + patience
        self._kept = b""

    def peek(self) -> int:
        """The next byte, which stays. Raises HungUp."""
        self._fill(1)
        return self._kept[0]

    def take(self, size: int) -> bytes:
        """Exactly that many bytes. Raises HungUp."""
        self._fill(size)
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def take_until(self, mark: bytes, limit: int) -> bytes:
        """What comes before a mark, which is passed. Raises Malformed, HungUp."""
        while (at := self._kept.find(mark)) < 0:
            if len(self._kept) > limit:
                break
            self._fill(len(self._kept) + 1)
        if not 0 <= at <= limit:
            raise Malformed(f"a request's head of more than {limit} bytes")
        taken, self._kept = self._kept[:at], self._kept[at + len(mark) :]
        return taken

    def rest(self) -> bytes:
        """What was read and not taken."""
        taken, self._kept = self._kept, b""
        return taken

    def _fill(self, size: int) -> None:
        while len(self._kept) < size:
            left = self._deadline - monotonic()
            if left <= 0:
                raise HungUp
            try:
                self._connection.settimeout(left)
                received = self._connection.recv(_PIECE)
            except OSError:
                raise HungUp from None
            if not received:
                raise HungUp
            self._kept += received
