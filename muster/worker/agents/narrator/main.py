"""Runs an agent, shows readably what it does, and tells the shim of it.

`main(["FORMAT", "--", "COMMAND", …])` ends as the command ended: with its status, or by its signal.
The command has no input, its output goes through us, and what it says on standard error goes to the
terminal by itself. It is in our session and our group: what is typed reaches it, and INT and QUIT
are its alone; a TERM is passed on to it.
"""

from __future__ import annotations

import os
import select
import sys
from time import monotonic

from muster.worker.agents.narrator import formats
from muster.worker.agents.narrator.channel import Channel
from muster.worker.agents.narrator.narration import Narration
from muster.worker.agents.narrator.screen import Screen

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable
    from typing import NoReturn

    from muster.worker.agents.narrator.entries import Told
else:
    import _signal as signal  # what `signal` puts its enumerations around

PATIENCE = 1.0
"""Seconds that what an agent left running may go on to write on its output."""

_READ = 64 << 10
_ITS_ALONE = (signal.SIGINT, signal.SIGQUIT)
_NOT_FOUND, _NOT_EXECUTABLE, _OF_SIGNAL = 127, 126, 128  # statuses as shells give them


def main(argv: list[str]) -> NoReturn:
    name, _, *command = argv
    narration, screen, channel = Narration(formats.of_name(name)), Screen(1), Channel.inherited()
    agent = Agent(command)
    for data in agent.output():
        _tell(narration.heard(data), screen, channel)
    _tell(narration.end(), screen, channel)
    channel.close()
    agent.end_alike()


class Agent:
    """The agent's process."""

    def __init__(self, command: list[str]) -> None:
        """Starts it. Ends us, as a shell would, if it cannot be started."""
        self._woken, wake = os.pipe()
        for end in (self._woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, _noted)
        for ignored in _ITS_ALONE:
            signal.signal(ignored, signal.SIG_IGN)
        self._output, output = os.pipe()
        self._pid = _started(command, output)
        self._status: int | None = None
        signal.signal(signal.SIGTERM, self._pass_on)
        os.close(output)

    def output(self) -> Iterable[bytes]:
        """What it prints, until its end: up to PATIENCE longer if others hold its output open."""
        deadline: float | None = None
        while deadline is None or monotonic() < deadline:
            left = None if deadline is None else max(deadline - monotonic(), 0)
            ready, _, _ = select.select([self._output, self._woken], [], [], left)
            if self._woken in ready:
                os.read(self._woken, _READ)
            if self._output in ready:
                data = os.read(self._output, _READ)
                if not data:
                    return
                yield data
            if deadline is None and self._has_ended(os.WNOHANG):
                deadline = monotonic() + PATIENCE

    def end_alike(self) -> NoReturn:
        """Waits for its end, and ends in the same way."""
        self._has_ended(0)
        assert self._status is not None
        if self._status >= 0:
            os._exit(self._status)
        number = -self._status
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        if number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            _leave_no_core()
        os.kill(os.getpid(), number)
        os._exit(_OF_SIGNAL + number)  # the first process of a namespace outlives its own signals

    def _has_ended(self, options: int) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, options)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def _pass_on(self, number: int, _: object) -> None:
        if self._status is None:
            os.kill(self._pid, number)


def _started(command: list[str], output: int) -> int:
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
            ],
            # It would inherit what we ignore, and what Python does: PIPE and XFSZ.
            setsigdef=[*_ITS_ALONE, signal.SIGPIPE, signal.SIGXFSZ],
        )
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode(errors="replace"))
        sys.exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE)


def _tell(told: Iterable[Told], screen: Screen, channel: Channel) -> None:
    """The shim first: where it then says that the log is, the rendering begins."""
    for each in told:
        if each.entry is not None:
            channel.tell("entry", each.entry)
        if each.facts is not None:
            channel.tell("facts", each.facts)
        if each.rendering is not None:
            screen.show(each.rendering, each.entry["kind"] if each.entry else None)


def _noted(*_: object) -> None:
    """Wakes `select`."""


def _leave_no_core() -> None:
    import resource  # hardly any agent ends so

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
