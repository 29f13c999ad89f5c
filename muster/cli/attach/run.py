"""`muster attach`, from the first question to the last word."""

import contextlib
import sys
from dataclasses import replace

from muster.cli.attach import messages
from muster.cli.attach.dial import Dialled, Dialler, Door, Unreachable, Wish, dial
from muster.cli.attach.outcome import End, Why
from muster.cli.attach.session import Session
from muster.cli.attach.signals import Signals
from muster.cli.attach.tty import Tty
from muster.cli.errors import INTERRUPTED, USAGE
from muster.protocol import terminal as wire

PATIENCE = 600.0
"""Seconds for which a server that is away is looked for."""


def attach(
    door: Door,
    task_id: int,
    *,
    mode: wire.Mode | None = None,
    take_over: bool = False,
    patience: float = PATIENCE,
) -> int:
    """Look at a task's terminal until one leaves it. The command's exit status."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _say(messages.no_terminal(task_id))
        return USAGE
    try:
        end = _look(door, task_id, mode, take_over, patience)
    except KeyboardInterrupt:  # before the terminal was raw
        return INTERRUPTED
    _say(messages.last(end, task_id))
    return end.status


def _look(
    door: Door, task_id: int, mode: wire.Mode | None, take_over: bool, patience: float
) -> End:
    # As long as nothing is there, Ctrl-C and errors are as in any other command.
    first = dial(door, Wish(task_id, mode))
    if isinstance(first, Unreachable):
        return End(Why.LOST, detail=str(first))
    if isinstance(first, End):
        return replace(first, has_begun=False)
    return _attached(door, first, task_id, mode, take_over, patience)


def _attached(
    door: Door,
    first: Dialled,
    task_id: int,
    mode: wire.Mode | None,
    take_over: bool,
    patience: float,
) -> End:
    with Signals() as signals, contextlib.closing(Tty()) as terminal:
        dialler = Dialler(door, signals.wake)
        session = Session(
            task_id, terminal, signals, dialler, mode=mode, take_over=take_over, patience=patience
        )
        end = session.run(first)
        return replace(end, has_begun=session.has_begun)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
