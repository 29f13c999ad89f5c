"""The agent's process: started, listened to, ended where it will not go on."""

from __future__ import annotations

import os
import select
import sys
from time import monotonic

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from muster.worker.agents.narrator.inquiries import Inquiries
else:
    import _signal as signal  # what `signal` puts its enumerations around

PATIENCE = 1.0
"""Seconds that what an agent left running may go on to write on its output."""

LIMITED = 75
"""The status after an agent that was ended because of a limit: that of a failure that passes."""

OUTPUT, ERRORS = 1, 2

_READ = 64 << 10
_ITS_ALONE = (signal.SIGINT, signal.SIGQUIT)
_NOT_FOUND, _NOT_EXECUTABLE, _OF_SIGNAL = 127, 126, 128  # statuses as shells give them
_STEPS = ((signal.SIGINT, 0.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 4.0))  # seconds


class Agent:
    """It has no input, and its output and its errors go through us. It is in our session and our
    group: what is typed reaches it, and INT and QUIT are its alone; a TERM is passed on to it."""

    def __init__(self, command: list[str]) -> None:
        """Starts it. Ends us, as a shell would, if it cannot be started."""
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, _noted)
        for ignored in _ITS_ALONE:
            signal.signal(ignored, signal.SIG_IGN)
        pipes = {stream: os.pipe() for stream in (OUTPUT, ERRORS)}
        self._read = {ours: stream for stream, (ours, _) in pipes.items()}
        self._pid = _started(command, {stream: its for stream, (_, its) in pipes.items()})
        self._status: int | None = None
        self._steps: list[tuple[int, float]] = []  # to its end: signals, and when
        self._is_stopped = False
        signal.signal(signal.SIGTERM, self._pass_on)
        for _, its in pipes.values():
            os.close(its)

    def heard(
        self, alarm: Callable[[], float | None], inquiries: Inquiries
    ) -> Iterable[tuple[int, bytes]]:
        """What it says until its end, and on which stream; up to PATIENCE longer if others hold
        these open. Nothing is said at the moment of the `alarm`, and whenever else it wakes.
        Meanwhile it has its `inquiries` answered."""
        until: float | None = None
        while until is None or (self._read and monotonic() < until):
            others = inquiries.handles()
            moments = [until, alarm(), self._steps[0][1] if self._steps else None]
            ready = self._await(others, moments)
            inquiries.serve(set(ready).intersection(others))
            if self._woken in ready:
                os.read(self._woken, _READ)
            said = [each for each in self._read if each in ready]
            for ours in said:
                if data := os.read(ours, _READ):
                    yield self._read[ours], data
                else:
                    os.close(ours)
                    del self._read[ours]
            if not said:
                yield OUTPUT, b""
            if until is None and self._has_ended():
                until = monotonic() + PATIENCE
            self._step()

    def stop(self) -> None:
        """Has it end, it and what it started: an agent may not pass signals on."""
        now = monotonic()
        self._is_stopped = True
        self._steps = [(number, now + after) for number, after in _STEPS]
        self._step()

    def end_alike(self) -> NoReturn:
        """Ends as it has ended."""
        assert self._status is not None
        if self._is_stopped:
            os._exit(LIMITED)
        if self._status >= 0:
            os._exit(self._status)
        number = -self._status
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        if number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            _leave_no_core()
        os.kill(os.getpid(), number)
        os._exit(_OF_SIGNAL + number)  # the first process of a namespace outlives its own signals

    def _await(self, others: list[int], moments: list[float | None]) -> list[int]:
        """What of our ends and the others has something, at the latest at the first moment."""
        first = min((each for each in moments if each is not None), default=None)
        left = None if first is None else max(first - monotonic(), 0)
        ready, _, _ = select.select([*self._read, self._woken, *others], [], [], left)
        return ready

    def _step(self) -> None:
        while self._steps and self._steps[0][1] <= monotonic():
            number, _ = self._steps.pop(0)
            if self._status is None and number == signal.SIGKILL:
                os.kill(self._pid, number)
            elif self._status is None:
                os.kill(0, number)

    def _has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def _pass_on(self, number: int, _: object) -> None:
        if self._status is None and not self._is_stopped:
            os.kill(self._pid, number)


def _started(command: list[str], ends: dict[int, int]) -> int:
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                *((os.POSIX_SPAWN_DUP2, its, stream) for stream, its in ends.items()),
            ],
            # It would inherit what we ignore, and what Python does: PIPE and XFSZ.
            setsigdef=[*_ITS_ALONE, signal.SIGPIPE, signal.SIGXFSZ],
        )
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode(errors="replace"))
        sys.exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE)


def _noted(*_: object) -> None:
    """Wakes `select`."""


def _leave_no_core() -> None:
    import resource  # hardly any agent ends so

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
