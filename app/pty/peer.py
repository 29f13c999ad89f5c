"""An end of a terminal's WebSocket: closing it from elsewhere, pings, and silence."""

import contextlib
import socket
import threading
import time

from app.pty.frames import encode
from app.pty.websocket import WebSocket
from muster.protocol.terminal import CloseCode, TerminalFrame

PING_SECONDS = 20.0
SILENCE_SECONDS = 50.0  # a peer that answers no ping for so long is gone
FRAMES_AHEAD = 16  # how many messages are dealt with at once
# A peer that reads nothing is not waited for longer than that when its socket is to be closed.
PATIENCE = 2.0


class Peer:
    """The socket. One thread writes to it, another reads; anybody may `end` it."""

    def __init__(self, ws: WebSocket) -> None:
        self.is_open = True
        self.sign_at = 0.0  # when Redis is to hear again that it is there
        self._ws = ws
        self._some = threading.Event()  # something for the writing thread to do
        self._ending: tuple[int, str] | None = None
        self._ending_since = 0.0
        self._ping_at = time.monotonic() + PING_SECONDS

    @property
    def is_ending(self) -> bool:
        return self._ending is not None or not self.is_open

    def wake(self) -> None:
        """There may be something to send. Does not wait."""
        self._some.set()

    def end(self, code: int, reason: str) -> None:
        """Have it hung up. Does not wait."""
        if self._ending is None:
            self._ending, self._ending_since = (code, reason), time.monotonic()
        self._some.set()

    def drop_if_stuck(self) -> None:
        """Cut the connection of a peer that does not even take the goodbye."""
        if self._ending and self.is_open and time.monotonic() > self._ending_since + PATIENCE:
            with contextlib.suppress(OSError):
                self._ws.sock.shutdown(socket.SHUT_RDWR)

    def send(self, frame: TerminalFrame) -> None:
        self._ws.send(encode(frame))

    def _ping_when_due(self) -> bool:
        if time.monotonic() < self._ping_at:
            return False
        self._ping_at = time.monotonic() + PING_SECONDS
        self._ws.ping()
        return True

    def _close(self) -> None:
        """Say goodbye, and let both threads notice."""
        self.is_open = False
        self._ws.close(*(self._ending or (CloseCode.GOING_AWAY, "")))
        self._some.set()
