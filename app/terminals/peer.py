"""The common parts of terminal sockets: closing by others, pings, and timeouts."""

import contextlib
import socket
import threading
import time

from app.terminals.frames import encode
from app.terminals.websocket import WebSocket
from muster.protocol.terminal import CloseCode, TerminalFrame

PING_SECONDS = 20.0
SILENCE_TIMEOUT_SECONDS = 50.0  # a peer that answers no ping for this long is gone
MAX_BATCH_FRAMES = 16  # messages processed per turn
# How long to wait for a peer that reads nothing when its socket closes.
CLOSE_TIMEOUT_SECONDS = 2.0


class Peer:
    """A socket of a viewer or a machine. One thread writes to it, another reads; any may end it.

    `presence_due_at`: when its presence in Redis must be renewed.
    """

    def __init__(self, ws: WebSocket) -> None:
        self.is_open = True
        self.presence_due_at = 0.0
        self._ws = ws
        self._wakeup = threading.Event()  # something for the writing thread to do
        self._close_request: tuple[int, str] | None = None
        self._close_requested_at = 0.0
        self._ping_at = time.monotonic() + PING_SECONDS

    @property
    def is_closing(self) -> bool:
        """Whether the socket is closed or closing."""
        return self._close_request is not None or not self.is_open

    def wake(self) -> None:
        """Wake the writing thread. Doesn't block."""
        self._wakeup.set()

    def request_close(self, code: int, reason: str) -> None:
        """Make the writing thread close the socket with this code, unless it's already closing.

        Doesn't block.
        """
        if self._close_request is None:
            self._close_request, self._close_requested_at = (code, reason), time.monotonic()
        self._wakeup.set()

    def drop_if_stuck(self) -> None:
        """Cut the connection of a peer that doesn't even read the close frame. Doesn't block."""
        if (
            self._close_request
            and self.is_open
            and time.monotonic() > self._close_requested_at + CLOSE_TIMEOUT_SECONDS
        ):
            with contextlib.suppress(OSError):
                self._ws.sock.shutdown(socket.SHUT_RDWR)

    def send(self, frame: TerminalFrame) -> None:
        """Send the frame; blocks until the peer accepts it. Raises ConnectionClosed, OSError."""
        self._ws.send(encode(frame))

    def _ping_when_due(self) -> bool:
        if time.monotonic() < self._ping_at:
            return False
        self._ping_at = time.monotonic() + PING_SECONDS
        self._ws.ping()
        return True

    def _close(self) -> None:
        """Close the socket, and wake both threads."""
        self.is_open = False
        self._ws.close(*(self._close_request or (CloseCode.GOING_AWAY, "")))
        self._wakeup.set()
