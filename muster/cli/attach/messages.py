"""What people are told."""

import signal
from collections.abc import Sequence

from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.text_format import one_line
from muster.protocol import terminal as wire

HELP = (
    "~.   leave; the task goes on           ~^Z  suspend, `fg` comes back",
    "~w   who looks                         ~t   take over: you alone type",
    "~r   draw the screen again             ~~   send one ~",
    "These work at the beginning of a line: after Enter, or as the first that you type.",
)

DISCONNECTED = "The line to the server is cut; trying again. What you type is not sent.  ~. leaves"
WATCH_ONLY = "You watch; what you type is not sent.  ~. or Ctrl-C leaves, ~? says more"
AT_GATE = "No process is there to take what you type: the task waits for an answer"
NOT_ALLOWED = "You may only watch this terminal"
SOLE_CONTROL = "You alone type now"


def not_a_terminal(task_id: int) -> str:
    return (
        "muster attach needs a terminal to type in and to draw on.  "
        f"muster task logs {task_id} prints what the task has printed"
    )


def greeting(task_id: int, attempt: int, mode: wire.Mode) -> str:
    """Before the first screen."""
    does = "you type" if mode == "control" else "you watch"
    return f"Task {task_id}, attempt {attempt}: {does}.  ~. leaves it running, ~? says more"


def size_mismatch(theirs: tuple[int, int], ours: tuple[int, int], mode: wire.Mode) -> str | None:
    """None where the screen is as it should be."""
    if theirs == ours or 0 in theirs:
        return None
    has = f"This terminal has {theirs[0]} x {theirs[1]}, and yours {ours[0]} x {ours[1]}"
    if mode == "control":
        return f"{has}: somebody else has sized it"
    return f"{has}: give yours that size to see it as it is"


def control_taken(by: str | None) -> str:
    return f"{one_line(by or 'Somebody')} types alone now, and you watch.  ~t takes over"


def stage_ended(code: int, index: int) -> str:
    how = "is done" if code == 0 else f"ended with {code}"
    return f"Stage {index + 1} {how}"


def viewer_lines(people: Sequence[wire.ViewerInfo]) -> list[str]:
    """A line for each, those who may type first."""
    if not people:
        return ["Nobody is known to look"]
    does = {"control": "types", "watch": "watches"}
    return [
        f"{does[one.mode]:<8} {one_line(one.name)}{' (you)' if one.is_you else ''}"
        for one in people
    ]


def exit_message(end: Outcome, task_id: int) -> str:
    """When the terminal is as it was."""
    detail = f": {one_line(end.detail).rstrip('.')}" if end.detail else ""
    match end.reason:
        case ExitReason.DETACHED | ExitReason.INTERRUPTED:
            return f"Left task {task_id}, which goes on.  muster attach {task_id} comes back"
        case ExitReason.TASK_ENDED:
            return f"Task {task_id} has ended.  muster task show {task_id} says how"
        case ExitReason.NO_STAGE:
            return f"No stage of task {task_id} runs now.  muster task show {task_id} says why"
        case ExitReason.FORBIDDEN:
            return f"You may not do this at task {task_id} (any more){detail}"
        case ExitReason.MISSING:
            return f"There is no task {task_id} that you may see"
        case ExitReason.SIGNED_OUT:
            return f"You are not signed in (any more){detail}.  muster login signs in"
        case ExitReason.TOO_MANY:
            return f"Too many terminals are open, of task {task_id} or yours: close one"
        case ExitReason.LOST:
            return (
                f"The server cannot be reached{detail}.  The task does not need it for you to "
                f"look: muster attach {task_id} tries again"
            )
        case ExitReason.REFUSED:
            return f"The server refuses this{detail}"
        case ExitReason.SIGNAL:
            return f"Left task {task_id}, which goes on ({signal.Signals(end.signal).name})"
