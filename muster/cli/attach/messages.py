"""The messages of `muster attach`."""

import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.text_format import one_line
from muster.protocol import terminal as wire

if TYPE_CHECKING:
    from muster.cli.attach.steering import TaskFacts

HELP = (
    "~.   detach; the task keeps running    ~^Z  suspend; `fg` resumes",
    "~w   list viewers                      ~t   take control: only you can type",
    "~r   redraw the screen                 ~~   send a ~",
    "Type these at the start of a line: after Enter, or as your first input.",
)

WATCH_HELP = (
    "Type a message and press Enter; Ctrl-X stops the agent's step and sends it.",
    "Ctrl-J starts a new line, Ctrl-C clears the message.",
    "~.   detach; the task keeps running    ~^Z  suspend; `fg` resumes",
    "~i   stop the agent's step             ~w   list viewers",
    "~r   redraw the screen                 ~~   write a ~",
    "Type ~ first: before a message.",
)
LINE_HELP = "Enter sends, Ctrl-X stops its step and sends, Ctrl-J: new line, Ctrl-C: clear"

DISCONNECTED = "Disconnected; reconnecting. Your input isn't sent.  ~. detaches"
WATCH_ONLY = "You're watching; your input isn't sent.  ~. or Ctrl-C detaches, ~? lists commands"
AT_GATE = "No process is running to take your input: the task is waiting for an answer"
NOT_ALLOWED = "You can only watch this terminal"
SOLE_CONTROL = "You're in control. Everyone else is watching"


def not_a_terminal(task_id: int) -> str:
    return (
        "muster attach needs a terminal for input and output.  "
        f"muster task logs {task_id} prints the task's output"
    )


def greeting(task_id: int, attempt: int, mode: wire.Mode) -> str:
    """Return the line to print before the first screen."""
    does = "you can type" if mode == "control" else "you're watching"
    return f"Task {task_id}, attempt {attempt}: {does}.  ~. detaches, ~? lists commands"


def watch_greeting(task_id: int, attempt: int, facts: "TaskFacts") -> str:
    """Return the same for an agent that reads no keys."""
    can = facts.why_not or "Type a message and press Enter"
    watching = f"Task {task_id}, attempt {attempt}: watching {agent_name(facts.agent)}"
    return f"{watching}.  {can.rstrip('.')}; ~. detaches, ~? lists commands"


def agent_name(agent_type: str) -> str:
    """Return how people write an agent's type."""
    return {"acp": "ACP", "opencode": "OpenCode"}.get(agent_type, agent_type.capitalize())


def message_label(agent: str) -> str:
    return f"Message to {agent_name(agent)}"


def reads_no_keys(agent: str) -> str:
    return f"{agent_name(agent)} reads messages, not keys: type one and press Enter"


def why_no_messages(reason: str | None, agent: str) -> str:
    """Return why no agent reads a message; `reason` is the API's, None without permission."""
    match reason:
        case None:
            return "You can't send messages to this task's agent."
        case "not_supported":
            return f"{agent_name(agent)} can't read messages while it works. Follow up instead."
        case _:
            return "No agent reads messages now. Follow up instead."


def sent(agent: str, *, is_now: bool) -> str:
    if is_now:
        return f"Sent. {agent_name(agent)} stops its step and reads it"
    return f"Sent. {agent_name(agent)} reads it at its next step"


def not_sent(why: str) -> str:
    return f"Not sent: {one_line(why)}  Enter or Ctrl-X retries"


def stopping(agent: str) -> str:
    return f"Stopping {agent_name(agent)}. It then asks what to do: muster inbox"


def not_stopped(why: str) -> str:
    return f"Not stopped: {one_line(why)}"


def size_mismatch(theirs: tuple[int, int], ours: tuple[int, int], mode: wire.Mode) -> str | None:
    """Describe differing sizes; None if they match or are unknown."""
    if theirs == ours or 0 in theirs:
        return None
    has = f"This terminal is {theirs[0]} x {theirs[1]}, yours is {ours[0]} x {ours[1]}"
    if mode == "control":
        return f"{has}: someone else resized it"
    return f"{has}: resize yours to match"


def control_taken(by: str | None) -> str:
    return f"{one_line(by or 'Someone')} took control. You're watching.  ~t takes control"


def stage_ended(code: int, index: int) -> str:
    how = "finished" if code == 0 else f"exited with status {code}"
    return f"Stage {index + 1} {how}"


def viewer_lines(people: Sequence[wire.ViewerInfo]) -> list[str]:
    """Return a line for each viewer."""
    if not people:
        return ["No viewers listed yet"]
    does = {"control": "types", "watch": "watches"}
    return [
        f"{does[one.mode]:<8} {one_line(one.name)}{' (you)' if one.is_you else ''}"
        for one in people
    ]


def watcher_lines(people: Sequence[wire.ViewerInfo]) -> list[str]:
    """Return a line for each viewer of a terminal that reads no keys."""
    return [line.replace("types   ", "watches ", 1) for line in viewer_lines(people)]


def exit_message(end: Outcome, task_id: int, *, is_shell: bool = False) -> str:
    """Return the message to print after restoring the terminal. `is_shell`: of the shell beside
    the stage."""
    again = f"muster attach {task_id}{' --shell' if is_shell else ''}"
    detail = f": {one_line(end.detail).rstrip('.')}" if end.detail else ""
    match end.reason:
        case ExitReason.DETACHED | ExitReason.INTERRUPTED:
            return f"Detached from task {task_id}; it keeps running.  Reattach: {again}"
        case ExitReason.SHELL_ENDED:
            return f"Shell of task {task_id} closed{detail}.  Open another: {again}"
        case ExitReason.TASK_ENDED:
            return f"Task {task_id} has ended.  See the result: muster task show {task_id}"
        case ExitReason.NO_STAGE:
            return f"No stage of task {task_id} is running.  See why: muster task show {task_id}"
        case ExitReason.FORBIDDEN:
            return f"You don't have permission to use the terminal of task {task_id}{detail}"
        case ExitReason.MISSING:
            return f"Task {task_id} not found, or you don't have access"
        case ExitReason.SIGNED_OUT:
            return f"You aren't signed in{detail}.  Sign in: muster login"
        case ExitReason.TOO_MANY:
            return f"Too many open terminals, for task {task_id} or for you: close one"
        case ExitReason.LOST:
            return (
                f"Can't reach the server{detail}.  The task keeps running without this connection. "
                f" Try again: {again}"
            )
        case ExitReason.REFUSED:
            return f"The server refused the request{detail}"
        case ExitReason.SIGNAL:
            name = signal.Signals(end.signal).name
            return f"Detached from task {task_id} ({name}); it keeps running"
