"""Signals as something to select on, and a way for threads to wake who does."""

import contextlib
import os
import signal
import socket
from types import TracebackType
from typing import Any, Self

TAKEN = (
    signal.SIGWINCH,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGCONT,
)


class Signals:
    """Within it these signals do nothing but be told by `come`. In the main thread alone."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._waiting: set[int] = set()
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)

    def __enter__(self) -> Self:
        self._fd_before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in TAKEN:
            self._before[number] = signal.signal(number, lambda *_: None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def fileno(self) -> int:
        return self._ours.fileno()

    def wake(self) -> None:
        """From any thread."""
        with contextlib.suppress(OSError):  # full: it will be awake
            self._theirs.send(b"\0")

    def come(self) -> set[int]:
        """Those that have come since."""
        with contextlib.suppress(BlockingIOError):
            while data := self._ours.recv(4096):
                self._waiting |= {*data} - {0}
        found, self._waiting = self._waiting, set()
        return found

    def stop(self) -> None:
        """Stop the job that we are part of, as Ctrl-Z does. Returns when it goes on."""
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # All of it: whoever waits for us is to have the shell back, too. Without a shell that would
        # continue us the kernel stops nobody.
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, lambda *_: None)
        self._waiting |= self.come() - {signal.SIGCONT}
