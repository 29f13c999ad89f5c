"""The agent's process: start it, read it, stop it when it must not continue."""

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

    from muster.worker.agents.runner.tool_requests import ToolRequests
else:
    import _signal as signal  # without the enumerations that `signal` creates

OUTPUT_TIMEOUT_SECONDS = 1.0
"""Seconds that processes left running by the agent may still write to its output."""

LIMITED_STATUS = 75
"""The exit status for an agent stopped because of a limit: that of a temporary failure."""

STDIN, STDOUT, STDERR = 0, 1, 2

_READ_BYTES = 64 << 10
_MAX_UNSENT_BYTES = (
    32 << 20
)  # unread input of the agent, in bytes, above which we stop reading its output
_AGENT_SIGNALS = (signal.SIGINT, signal.SIGQUIT)
_NOT_FOUND, _NOT_EXECUTABLE, _SIGNAL_STATUS_BASE = 127, 126, 128  # exit statuses as in shells
_EXIT_GRACE_SECONDS = 2.0  # seconds for an agent to exit by itself
_KILL_STEPS = ((signal.SIGINT, 0.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 4.0))  # seconds


class AgentProcess:
    """Its output and its errors pass through us. It has no input, and is in our session and our
    group: it gets typed signals, and only it handles INT and QUIT; a TERM is passed on to it.

    With `spoken_to` we write to its input, and it has its own group: we get an INT and record it.
    """

    def __init__(self, command: list[str], *, spoken_to: bool = False) -> None:
        """Start the agent. Exit, as a shell would, if it can't start."""
        self.is_interrupted = False
        self._wakeup_fd, wake = os.pipe()
        for end in (self._wakeup_fd, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, _ignore_signal)
        for ignored in _AGENT_SIGNALS:
            signal.signal(ignored, signal.SIG_IGN)
        pipes = {stream: os.pipe() for stream in (STDOUT, STDERR)}
        self._output_streams = {ours: stream for stream, (ours, _) in pipes.items()}
        ends = {stream: its for stream, (_, its) in pipes.items()}
        self._stdin: int | None = None
        self._unsent = bytearray()
        if spoken_to:
            ends[STDIN], self._stdin = os.pipe()
            os.set_blocking(self._stdin, False)
            signal.signal(signal.SIGINT, self._on_interrupt)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self._pid = _spawn(command, ends, apart=spoken_to)
        self._group = -self._pid if spoken_to else 0
        self._exit_code: int | None = None
        self._kill_steps: list[tuple[int, float]] = []  # signals until its end, with their times
        self._stopped_status: int | None = None
        self.exit_status: int | None = None
        """Our exit status, whatever the agent does."""
        signal.signal(signal.SIGTERM, self._forward_signal)
        for its in ends.values():
            os.close(its)

    def read_output(
        self, alarm: Callable[[], float | None], inquiries: ToolRequests
    ) -> Iterable[tuple[int, bytes]]:
        """Yield its output and the stream of each chunk until it exits; up to
        OUTPUT_TIMEOUT_SECONDS longer if other processes have the streams open. Yields nothing at
        the time of `alarm`, and at other wakeups. Meanwhile its `inquiries` are answered.
        """
        until: float | None = None
        while until is None or (self._output_streams and monotonic() < until):
            others = inquiries.file_descriptors()
            moments = [until, alarm(), self._kill_steps[0][1] if self._kill_steps else None]
            ready = self._wait_ready(others, moments)
            inquiries.serve(set(ready).intersection(others))
            if self._wakeup_fd in ready:
                os.read(self._wakeup_fd, _READ_BYTES)
            ready_streams = [each for each in self._output_streams if each in ready]
            for ours in ready_streams:
                if data := os.read(ours, _READ_BYTES):
                    yield self._output_streams[ours], data
                else:
                    os.close(ours)
                    del self._output_streams[ours]
            if not ready_streams:
                yield STDOUT, b""
            if until is None and self._has_ended():
                until = monotonic() + OUTPUT_TIMEOUT_SECONDS
            self._run_kill_steps()

    def write(self, data: bytes) -> None:
        """Write to its input, as fast as it reads."""
        self._unsent += data
        self._flush_input()

    def finish(self, status: int, grace: float = _EXIT_GRACE_SECONDS) -> None:
        """The agent has finished: exit with `status`. It exits within `grace` seconds, or is
        stopped."""
        self.exit_status = status
        self._close_input()
        self.schedule_end(grace)

    def end_input(self, status: int, grace: float) -> None:
        """Nothing more is written: the agent exits. If it has to be stopped, exit with `status`."""
        self._stopped_status = status
        self._close_input()
        self.schedule_end(grace)

    def schedule_end(self, grace: float = _EXIT_GRACE_SECONDS) -> None:
        """Give it some time to exit by itself."""
        self._schedule_kill(monotonic() + grace)

    def stop(self) -> None:
        """Stop it and its children, because an agent may not pass signals on."""
        self.exit_status = LIMITED_STATUS
        self._schedule_kill(monotonic())
        self._run_kill_steps()

    def exit_like_agent(self, well: int | None = 0) -> NoReturn:
        """Exit like the agent; if it exited `well`, with that status."""
        assert self._exit_code is not None
        if self.exit_status is not None:
            os._exit(self.exit_status)
        if self._exit_code >= 0:
            os._exit(self._exit_code or well or 0)
        number = -self._exit_code
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        if number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            _disable_core_dump()
        os.kill(os.getpid(), number)
        os._exit(
            _SIGNAL_STATUS_BASE + number
        )  # the first process of a namespace survives its own signals

    def _wait_ready(self, others: list[int], moments: list[float | None]) -> list[int]:
        """Return the ready descriptors of ours and the others, at the latest at the first
        deadline.
        """
        first = min((each for each in moments if each is not None), default=None)
        left = None if first is None else max(first - monotonic(), 0)
        heard = [] if len(self._unsent) > _MAX_UNSENT_BYTES else [*self._output_streams]
        waiting = [self._stdin] if self._unsent and self._stdin is not None else []
        ready, takes, _ = select.select([*heard, self._wakeup_fd, *others], waiting, [], left)
        if takes:
            self._flush_input()
        return ready

    def _flush_input(self) -> None:
        try:
            while self._unsent and self._stdin is not None:
                del self._unsent[: os.write(self._stdin, self._unsent)]
        except BlockingIOError:
            pass
        except OSError:  # it no longer reads
            self._close_input()

    def _close_input(self) -> None:
        if self._stdin is not None:
            os.close(self._stdin)
        self._stdin = None
        self._unsent.clear()

    def _schedule_kill(self, first: float) -> None:
        if not self._kill_steps:
            self._kill_steps = [(number, first + after) for number, after in _KILL_STEPS]

    def _run_kill_steps(self) -> None:
        while self._kill_steps and self._kill_steps[0][1] <= monotonic():
            number, _ = self._kill_steps.pop(0)
            if self._exit_code is None and self.exit_status is None:
                self.exit_status = self._stopped_status
            if self._exit_code is None and number == signal.SIGKILL:
                os.kill(self._pid, number)
            elif self._exit_code is None:
                os.kill(self._group, number)

    def _has_ended(self) -> bool:
        if self._exit_code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code is not None

    def _forward_signal(self, number: int, _: object) -> None:
        # In our own group, a signal to the group also reaches us.
        if self._exit_code is None and not (self._kill_steps and self._group == 0):
            os.kill(self._group or self._pid, number)

    def _on_interrupt(self, *_: object) -> None:
        self.is_interrupted = True


def _spawn(command: list[str], ends: dict[int, int], *, apart: bool) -> int:
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    group: dict[str, Any] = {"setpgroup": 0} if apart else {}
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[
                *([] if STDIN in ends else [nothing]),
                *((os.POSIX_SPAWN_DUP2, its, stream) for stream, its in ends.items()),
            ],
            **group,
            # It would inherit the signals that we and Python ignore: PIPE and XFSZ.
            setsigdef=[*_AGENT_SIGNALS, signal.SIGPIPE, signal.SIGXFSZ],
        )
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode(errors="replace"))
        sys.exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE)


def _ignore_signal(*_: object) -> None:
    """Wakes `select`."""


def _disable_core_dump() -> None:
    import resource  # hardly any agent exits this way

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
