"""What all sockets of terminals have in common: closing from elsewhere, pings, and silence."""

import contextlib
import socket
import threading
import time

from app.terminals.frames import encode
from app.terminals.websocket import WebSocket
from muster.protocol.terminal import CloseCode, TerminalFrame

PING_SECONDS = 20.0
SILENCE_SECONDS = 50.0  # a peer that answers no ping for so long is gone
FRAMES_AHEAD = 16  # how many messages are dealt with at once
# A peer that reads nothing is not waited for longer than that when its socket is to be closed.
PATIENCE = 2.0


class Peer:
    """A socket, of a viewer or a machine. One thread writes to it, another reads; any may end it.

    `sign_at`: when Redis is to hear again that the socket is there.
    """

    def __init__(self, ws: WebSocket) -> None:
        self.is_open = True
        self.sign_at = 0.0
        self._ws = ws
        self._some = threading.Event()  # something for the writing thread to do
        self._ending: tuple[int, str] | None = None
        self._ending_since = 0.0
        self._ping_at = time.monotonic() + PING_SECONDS

    @property
    def is_ending(self) -> bool:
        """Whether the socket is closed, or is to be."""
        return self._ending is not None or not self.is_open

    def wake(self) -> None:
        """Have the writing thread look for something to send. Does not wait."""
        self._some.set()

    def end(self, code: int, reason: str) -> None:
        """Have the writing thread close the socket with this code, unless it is ending already.
        Does not wait.
        """
        if self._ending is None:
            self._ending, self._ending_since = (code, reason), time.monotonic()
        self._some.set()

    def drop_if_stuck(self) -> None:
        """Cut the connection of a peer that does not even read the close frame. Does not wait."""
        if self._ending and self.is_open and time.monotonic() > self._ending_since + PATIENCE:
            with contextlib.suppress(OSError):
                self._ws.sock.shutdown(socket.SHUT_RDWR)

    def send(self, frame: TerminalFrame) -> None:
        """Send the frame; waits as long as the peer lets it. Raises ConnectionClosed, OSError."""
        self._ws.send(encode(frame))

    def _ping_when_due(self) -> bool:
        if time.monotonic() < self._ping_at:
            return False
        self._ping_at = time.monotonic() + PING_SECONDS
        self._ws.ping()
        return True

    def _close(self) -> None:
        """Close the socket, and let both threads notice."""
        self.is_open = False
        self._ws.close(*(self._ending or (CloseCode.GOING_AWAY, "")))
        self._some.set()
