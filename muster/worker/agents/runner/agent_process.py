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
    from typing import Any, NoReturn

    from muster.worker.agents.runner.tool_requests import Inquiries
else:
    import _signal as signal  # what `signal` puts its enumerations around

PATIENCE = 1.0
"""Seconds that what an agent left running may go on to write on its output."""

LIMITED = 75
"""The status after an agent that was ended because of a limit: that of a failure that passes."""

INPUT, OUTPUT, ERRORS = 0, 1, 2

_READ = 64 << 10
_MUCH = 32 << 20  # bytes that it has not read yet, above which it is not listened to
_ITS_ALONE = (signal.SIGINT, signal.SIGQUIT)
_NOT_FOUND, _NOT_EXECUTABLE, _OF_SIGNAL = 127, 126, 128  # statuses as shells give them
_WELL = 2.0  # seconds for an agent that is to end by itself
_STEPS = ((signal.SIGINT, 0.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 4.0))  # seconds


class Agent:
    """Its output and its errors go through us. It has no input, and is in our session and our
    group: what is typed reaches it, and INT and QUIT are its alone; a TERM is passed on to it.

    One that is `spoken_to` has us at its input, and a group of its own: an INT is ours, and noted.
    """

    def __init__(self, command: list[str], *, spoken_to: bool = False) -> None:
        """Starts it. Ends us, as a shell would, if it cannot be started."""
        self.is_interrupted = False
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, _noted)
        for ignored in _ITS_ALONE:
            signal.signal(ignored, signal.SIG_IGN)
        pipes = {stream: os.pipe() for stream in (OUTPUT, ERRORS)}
        self._read = {ours: stream for stream, (ours, _) in pipes.items()}
        ends = {stream: its for stream, (_, its) in pipes.items()}
        self._input: int | None = None
        self._unsent = bytearray()
        if spoken_to:
            ends[INPUT], self._input = os.pipe()
            os.set_blocking(self._input, False)
            signal.signal(signal.SIGINT, self._interrupted)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self._pid = _started(command, ends, apart=spoken_to)
        self._group = -self._pid if spoken_to else 0
        self._status: int | None = None
        self._steps: list[tuple[int, float]] = []  # to its end: signals, and when
        self.status: int | None = None
        """What we end with, whatever it does."""
        signal.signal(signal.SIGTERM, self._pass_on)
        for its in ends.values():
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

    def say(self, data: bytes) -> None:
        """To its input, as fast as it reads."""
        self._unsent += data
        self._send()

    def hang_up(self, status: int) -> None:
        """It has done what it was to do: that `status` is ours. It ends, or is ended soon."""
        self.status = status
        self._close_input()
        self.end_soon()

    def end_soon(self) -> None:
        """It has some time to end by itself."""
        self._climb(monotonic() + _WELL)

    def stop(self) -> None:
        """Has it end, it and what it started: an agent may not pass signals on."""
        self.status = LIMITED
        self._climb(monotonic())
        self._step()

    def end_alike(self, well: int | None = 0) -> NoReturn:
        """Ends as it has ended; where that was `well`, with that."""
        assert self._status is not None
        if self.status is not None:
            os._exit(self.status)
        if self._status >= 0:
            os._exit(self._status or well or 0)
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
        heard = [] if len(self._unsent) > _MUCH else [*self._read]
        waiting = [self._input] if self._unsent and self._input is not None else []
        ready, takes, _ = select.select([*heard, self._woken, *others], waiting, [], left)
        if takes:
            self._send()
        return ready

    def _send(self) -> None:
        try:
            while self._unsent and self._input is not None:
                del self._unsent[: os.write(self._input, self._unsent)]
        except BlockingIOError:
            pass
        except OSError:  # it does not listen any more
            self._close_input()

    def _close_input(self) -> None:
        if self._input is not None:
            os.close(self._input)
        self._input = None
        self._unsent.clear()

    def _climb(self, first: float) -> None:
        if not self._steps:
            self._steps = [(number, first + after) for number, after in _STEPS]

    def _step(self) -> None:
        while self._steps and self._steps[0][1] <= monotonic():
            number, _ = self._steps.pop(0)
            if self._status is None and number == signal.SIGKILL:
                os.kill(self._pid, number)
            elif self._status is None:
                os.kill(self._group, number)

    def _has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def _pass_on(self, number: int, _: object) -> None:
        # Of our own, what we send to the group of both comes back.
        if self._status is None and not (self._steps and self._group == 0):
            os.kill(self._group or self._pid, number)

    def _interrupted(self, *_: object) -> None:
        self.is_interrupted = True


def _started(command: list[str], ends: dict[int, int], *, apart: bool) -> int:
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    group: dict[str, Any] = {"setpgroup": 0} if apart else {}
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[
                *([] if INPUT in ends else [nothing]),
                *((os.POSIX_SPAWN_DUP2, its, stream) for stream, its in ends.items()),
            ],
            **group,
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
