"""Wait for something in a test, and stop at once when it can no longer come."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

SECONDS = 60.0
QUOTED_LINES = 15

T = TypeVar("T")
Problem = Callable[[], str | None]
"""Returns why nothing more will come, or None while it still may."""


def wait_until(
    look: Callable[[], T | None],
    what: str = "expected result",
    seconds: float = SECONDS,
    *,
    problem: Problem = lambda: None,
    pause: Callable[[], object] = lambda: time.sleep(0.02),
) -> T:
    """Return the first true answer. Fails after `seconds`, or at once when there is a problem."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if reason := problem():
            # The last thing that it did may be what the test waits for.
            if found := look():
                return found
            raise AssertionError(f"no {what}: {reason}")
        assert time.monotonic() < deadline, f"no {what} within {seconds:.0f} s"
        pause()
    return found


def find_first(*problems: Problem) -> Problem:
    """Combine problems: the first that there is."""
    return lambda: next(filter(None, (problem() for problem in problems)), None)


def quote(text: str | bytes) -> str:
    """The last lines of a log, indented."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else text
    return "".join(f"\n  {line.rstrip()}" for line in plain.splitlines()[-QUOTED_LINES:])


class Process(Protocol):
    """A child, however it was started."""

    def poll(self) -> int | None: ...


def exit_of(
    process: Process,
    output: Callable[[], str | bytes] | Path = lambda: "",
) -> Problem:
    """The problem that a process has exited, with its status and last output."""

    def find() -> str | None:
        if (status := process.poll()) is None:
            return None
        text = output.read_bytes() if isinstance(output, Path) else output()
        return f"the process has exited with status {status}{quote(text)}"

    return find


def failure_of(process: Process) -> Problem:
    """The problem that a process has failed. A test that ends it does so by a signal."""
    return lambda: exit_of(process)() if (process.poll() or 0) > 0 else None


def wait_for_output(
    log: Path,
    text: str,
    process: Process,
    seconds: float = SECONDS,
) -> str:
    """Wait until the process has written this text to its log. Returns the log."""

    def poll() -> str | None:
        written = log.read_text(errors="replace")
        return written if text in written else None

    return wait_until(poll, f"{text!r}", seconds, problem=exit_of(process, log))


ENDED = ("completed", "failed", "cancelled")


def explain_task(task: dict[str, object], awaited: Iterable[str] = ()) -> str | None:
    """Why a task, as the API returns it, will never be in one of these states, if so."""
    status, failure = task["status"], task.get("failure")
    if status not in ENDED or status in awaited:
        return None
    reason = f"task {task['id']} is {status}"
    if isinstance(failure, dict):
        reason += f": {failure['code']}: {failure['message']}"
    return reason
