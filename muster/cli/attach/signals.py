"""Signals as a file descriptor to poll, which threads can wake."""

import contextlib
import os
import signal
import socket
from types import TracebackType
from typing import Any, Self

HANDLED_SIGNALS = (
    signal.SIGWINCH,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGCONT,
)


class Signals:
    """A context in which these signals only show in `pop_pending`. Main thread only."""

    def __init__(self) -> None:
        self._previous_handlers: dict[int, Any] = {}
        self._pending: set[int] = set()
        self._read_socket, self._write_socket = socket.socketpair()
        for end in (self._read_socket, self._write_socket):
            end.setblocking(False)

    def __enter__(self) -> Self:
        self._previous_wakeup_fd = signal.set_wakeup_fd(
            self._write_socket.fileno(), warn_on_full_buffer=False
        )
        for number in HANDLED_SIGNALS:
            self._previous_handlers[number] = signal.signal(number, lambda *_: None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._previous_wakeup_fd)
        for number, handler in self._previous_handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def fileno(self) -> int:
        return self._read_socket.fileno()

    def wake(self) -> None:
        """Wake the poller from any thread."""
        with contextlib.suppress(OSError):  # full: it will wake anyway
            self._write_socket.send(b"\0")

    def pop_pending(self) -> set[int]:
        """Return the signals since the last call."""
        with contextlib.suppress(BlockingIOError):
            while data := self._read_socket.recv(4096):
                self._pending |= {*data} - {0}
        found, self._pending = self._pending, set()
        return found

    def suspend_job(self) -> None:
        """Stop our job, as Ctrl-Z does. Returns when it continues."""
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # The whole group, so that a parent that waits for us stops, too. The kernel ignores this
        # without a shell that could continue us.
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, lambda *_: None)
        self._pending |= self.pop_pending() - {signal.SIGCONT}
