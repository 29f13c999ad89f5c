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

    def __init__(self, *, spoken_to: bool = False) -> None:
        self.is_interrupted = False
        self.is_terminated = False
        """Whether we got a TERM: nothing may follow."""
        self.is_followed = False
        """Whether we wait for the start of another process when this one has ended."""
        self.exit_code: int | None = None
        """The last process's, once it has ended."""
        self.exit_status: int | None = None
        """Our exit status, whatever the agent does."""
        self._has_finished = False
        self._pid: int | None = None
        self._is_apart = spoken_to
        self._output_streams: dict[int, int] = {}
        self._read_until: float | None = None
        self._stdin: int | None = None
        self._unsent = bytearray()
        self._kill_steps: list[tuple[int, float]] = []  # signals until its end, with their times
        self._step_groups: set[int] = set()  # of what the agent has started, when it's stopped
        self._has_signaled = False  # our group, and not yet received it
        self._wakeup_fd, wake = os.pipe()
        for end in (self._wakeup_fd, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, _ignore_signal)
        for ignored in _AGENT_SIGNALS:
            signal.signal(ignored, signal.SIG_IGN)
        if spoken_to:
            signal.signal(signal.SIGINT, self._on_interrupt)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._forward_signal)

    def start(self, command: list[str]) -> None:
        """Start the agent, or its next process once the last one has ended. Exit, as a shell would,
        if it can't start."""
        self.exit_code, self._read_until = None, None
        self._kill_steps.clear()
        pipes = {stream: os.pipe() for stream in (STDOUT, STDERR)}
        self._output_streams = {ours: stream for stream, (ours, _) in pipes.items()}
        ends = {stream: its for stream, (_, its) in pipes.items()}
        if self._is_apart:
            ends[STDIN], self._stdin = os.pipe()
            os.set_blocking(self._stdin, False)
        self._pid = _spawn(command, ends, apart=self._is_apart)
        for its in ends.values():
            os.close(its)

    @property
    def is_read(self) -> bool:
        """Whether no process runs, and the output of the last one is read."""
        is_late = self._read_until is not None and monotonic() >= self._read_until
        return not self._is_running and (is_late or not self._output_streams)

    def read_output(
        self, alarm: Callable[[], float | None], inquiries: ToolRequests
    ) -> Iterable[tuple[int, bytes]]:
        """Yield its output and the stream of each chunk until it exits; up to
        OUTPUT_TIMEOUT_SECONDS longer if other processes have the streams open. Yields nothing at
        the time of `alarm`, at other wakeups, and when all is read: `start` then continues.
        Meanwhile its `inquiries` are answered.
        """
        while True:
            if self.is_read:
                self._close_output()
                yield STDOUT, b""
            if self.is_read and (self.is_terminated or not self.is_followed):
                return
            others = inquiries.file_descriptors()
            moments = [
                self._read_until,
                alarm(),
                self._kill_steps[0][1] if self._kill_steps else None,
            ]
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
            self._check_end()
            self._run_kill_steps()

    def write(self, data: bytes) -> None:
        """Write to its input, as fast as it reads."""
        self._unsent += data
        self._flush_input()

    def end_input(self, grace: float = _EXIT_GRACE_SECONDS) -> None:
        """The agent has finished: whatever it does now, how well it did is known. It exits within
        `grace` seconds, or is stopped."""
        self._has_finished = True
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

    def stop_step(self) -> None:
        """Stop it, with what it has started: a command may have a group of its own, and an agent
        that ends at once leaves it running."""
        if self._pid is None or not self._is_running:
            return
        from muster.worker import processes  # a rare case, and no start waits for the import

        started = processes.descendants(self._pid)
        self._step_groups = {each.group for each in started} - {os.getpgrp()}
        self._schedule_kill(monotonic())
        self._run_kill_steps()

    def exit_like_agent(self, well: int | None = 0) -> NoReturn:
        """Exit like the agent; if it exited `well` or had finished before, with that status."""
        if self.exit_status is not None:
            os._exit(self.exit_status)
        assert self.exit_code is not None
        if self._has_finished:
            os._exit(well or 0)
        if self.exit_code >= 0:
            os._exit(self.exit_code or well or 0)
        number = -self.exit_code
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

    @property
    def _is_running(self) -> bool:
        return self._pid is not None and self.exit_code is None

    def _close_output(self) -> None:
        for ours in self._output_streams:
            os.close(ours)
        self._output_streams, self._read_until = {}, None

    def _schedule_kill(self, first: float) -> None:
        if not self._kill_steps:
            self._kill_steps = [(number, first + after) for number, after in _KILL_STEPS]

    def _run_kill_steps(self) -> None:
        while self._kill_steps and self._kill_steps[0][1] <= monotonic():
            number, _ = self._kill_steps.pop(0)
            if self._is_running:
                self._signal(number, is_for_group=number != signal.SIGKILL)

    def _signal(self, number: int, *, is_for_group: bool) -> None:
        assert self._pid is not None
        group = -self._pid if self._is_apart else 0
        # In our own group, it also reaches us, and doesn't mean us.
        self._has_signaled = is_for_group and not self._is_apart and number == signal.SIGTERM
        os.kill(group if is_for_group else self._pid, number)

    def _check_end(self) -> None:
        if self._pid is None or self.exit_code is not None:
            return
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return
        self.exit_code = os.waitstatus_to_exitcode(status)
        self._read_until = monotonic() + OUTPUT_TIMEOUT_SECONDS
        self._end_step()

    def _end_step(self) -> None:
        """End what a stopped agent has left running."""
        if not self._step_groups:
            return
        from muster.worker import processes

        groups, self._step_groups = self._step_groups, set()
        processes.terminate_all(
            lambda: [each for group in groups for each in processes.processes_in_group(group)],
            _EXIT_GRACE_SECONDS,
        )

    def _forward_signal(self, number: int, _: object) -> None:
        if self._has_signaled:
            self._has_signaled = False
            return
        self.is_terminated = True
        if self._pid is None or self.exit_code is not None:
            self.exit_code = -number  # nothing else would end us
        else:
            self._signal(number, is_for_group=self._is_apart)

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
