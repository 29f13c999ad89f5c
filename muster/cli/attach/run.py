"""Run `muster attach` from the first request to the final message."""

import contextlib
import sys
from dataclasses import replace

from muster.cli.attach import messages
from muster.cli.attach.dial import (
    DialedSocket,
    DialRequest,
    ServerAccess,
    ThreadedDialer,
    Unreachable,
    dial,
)
from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.attach.session import Session
from muster.cli.attach.signals import Signals
from muster.cli.attach.steering import Refused, Steering, TaskApi, read_facts
from muster.cli.attach.steering_session import SteeringSession
from muster.cli.attach.tty import Tty
from muster.cli.errors import INTERRUPTED, USAGE
from muster.protocol import terminal as wire

RECONNECT_TIMEOUT_SECONDS = 600.0
"""Seconds to keep reconnecting."""


def attach(
    door: ServerAccess,
    task_id: int,
    *,
    mode: wire.Mode | None = None,
    take_over: bool = False,
    patience: float = RECONNECT_TIMEOUT_SECONDS,
    tasks: TaskApi | None = None,
    is_shell: bool = False,
) -> int:
    """Attach to a task's terminal until it's left. Return the command's exit status.

    With `tasks`, input to a headless agent is sent as messages. `is_shell`: attach to the shell
    beside the stage.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _print_error(messages.not_a_terminal(task_id))
        return USAGE
    try:
        end = _dial_and_run(door, task_id, mode, take_over, patience, tasks)
    except KeyboardInterrupt:  # before raw mode
        return INTERRUPTED
    _print_error(messages.exit_message(end, task_id, is_shell=is_shell))
    return end.status


def _dial_and_run(
    door: ServerAccess,
    task_id: int,
    mode: wire.Mode | None,
    take_over: bool,
    patience: float,
    tasks: TaskApi | None,
) -> Outcome:
    # Until the first connection, Ctrl-C and errors work as in other commands.
    first = dial(door, DialRequest(task_id, mode))
    if isinstance(first, Unreachable):
        return Outcome(ExitReason.LOST, detail=str(first))
    if isinstance(first, Outcome):
        return replace(first, has_started=False)
    steering = _create_steering(tasks, task_id)
    return _run_session(door, first, task_id, mode, take_over, patience, steering)


def _create_steering(tasks: TaskApi | None, task_id: int) -> Steering | None:
    if tasks is None:
        return None
    try:
        return Steering(tasks, task_id, read_facts(tasks, task_id))
    except Refused:  # a token whose scope has only the terminal
        return None


def _run_session(
    door: ServerAccess,
    first: DialedSocket,
    task_id: int,
    mode: wire.Mode | None,
    take_over: bool,
    patience: float,
    steering: Steering | None,
) -> Outcome:
    with Signals() as signals, contextlib.closing(Tty()) as terminal:
        dialler = ThreadedDialer(door, signals.wake)
        parts = (task_id, terminal, signals, dialler)
        session = (
            SteeringSession(*parts, steering, mode=mode, take_over=take_over, patience=patience)
            if steering is not None
            else Session(*parts, mode=mode, take_over=take_over, patience=patience)
        )
        end = session.run(first)
        return replace(end, has_started=session.has_started)


def _print_error(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
