"""Follow-ups: an instruction for a finished task, carried out in a new round.

When one may start, and the prompts that agents get.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.errors import Conflict
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.task import ENDED, TaskStatus

MAX_INSTRUCTION = 20_000  # characters
MAX_QUEUED = 20
"""Maximum queued follow-ups per task."""

BEFORE_FIRST_STAGE = -1
"""The checkpoint index of the work that a follow-up's round starts from.

That work counts as the result of a stage before the first.
"""

_MAX_TITLE = 160  # characters
_MAX_DESCRIPTION, _MAX_EARLIER = 4_000, 1_000  # characters, per history entry
_MAX_ROUNDS, MAX_FILES = 10, 100


class TooManyFollowUps(Conflict):
    """Too many queued follow-ups. Withdraw one or wait."""

    code = "too_many_follow_ups"


class FollowUpStarted(Conflict):
    """That follow-up has already started. Cancel the task to stop it."""

    code = "follow_up_started"


class FollowUpState(StrEnum):
    """A queued one starts when its task is idle; a started one belongs to its round."""

    QUEUED = "queued"
    STARTED = "started"
    WITHDRAWN = "withdrawn"


def can_start_now(status: TaskStatus, *, at_gate: bool) -> bool:
    """Whether a new follow-up may start now. `at_gate`: the question before a stage is open."""
    return status in ENDED or (at_gate and status in (TaskStatus.SUSPENDED, TaskStatus.QUEUED))


def is_at_gate(open_gate: GateKind | None) -> bool:
    """Whether a follow-up can take the place of the open gate: one before a stage, or before the
    branch is moved.
    """
    return open_gate is not None and open_gate not in (
        GateKind.BUDGET,
        GateKind.CHECKPOINT,
        *AGENT_GATES,
    )


def can_add(status: TaskStatus, *, at_gate: bool, queued: int, has_work: bool) -> bool:
    """Whether another follow-up can be added: it's queued, or starts now from the task's work."""
    starts_now = can_start_now(status, at_gate=at_gate) and not queued
    return queued < MAX_QUEUED and (has_work or not starts_now)


def can_start_automatically(status: TaskStatus, *, at_gate: bool) -> bool:
    """Whether a queued follow-up may start now without a person's action.

    After a failure it waits for a person, because the work that it follows isn't complete.
    """
    return can_start_now(status, at_gate=at_gate) and status in (
        TaskStatus.COMPLETED,
        TaskStatus.SUSPENDED,
        TaskStatus.QUEUED,
    )


def seed_checkpoints(last: Mapping[str, Any], start: int) -> dict[str, dict[str, Any]]:
    """Return the checkpoints of a round that starts at stage `start` with that work.

    Every loss or retry before the first new checkpoint resumes from the same work.
    """
    return {str(index): dict(last) for index in range(BEFORE_FIRST_STAGE, start)}


# ---- prompts -----------------------------------------------------------------------------------


def has_placeholder(command: str) -> bool:
    """Whether a stage's command has a placeholder for the instruction."""
    return "{description}" in command or "{instruction}" in command


def build_prompt(filled: str, instruction: str, review: str, *, says_it: bool) -> str:
    """Return an agent's prompt: the stage's filled-in command, the instruction if the command
    lacks it, and the review, if any.
    """
    parts = [filled] if says_it else [instruction, filled]
    return "\n\n".join(part for part in (*parts, review) if part)


def transcript_heading(round_: int, instruction: str) -> str:
    """Return the heading of a round's transcript."""
    words = " ".join(instruction.split())
    return f"Follow-up, round {round_}: {_truncate(words, _MAX_TITLE)}"


@dataclass(frozen=True)
class ChangedFile:
    """A file that the task changed. A count of None: the file is binary, or wasn't counted."""

    path: str
    insertions: int | None = None
    deletions: int | None = None


@dataclass(frozen=True)
class Thread:
    """A review thread as text.

    `where` is its location, `code` its lines with the first numbered `first`, and `comments` are
    (author, text).
    """

    id: int
    where: str
    code: Sequence[str] = ()
    first: int | None = None
    comments: Sequence[tuple[str, str]] = ()


def format_review(threads: Sequence[Thread]) -> str:
    """Return the prompt about a review's threads; empty if there are none."""
    if not threads:
        return ""
    parts = [
        "Address each of these review threads. Reply in each with the tool `reply_comment` "
        "and the thread's ID: what you changed, or why you didn't."
    ]
    for thread in threads:
        comments = "\n".join(f"{by}: {text}" for by, text in thread.comments)
        code = _format_code(thread)
        head = f"Thread {thread.id}, {thread.where}:"
        parts.append("\n".join(each for each in (head, code, _quote(comments)) if each))
    return "\n\n".join(parts)


def format_location(
    path: str | None, line: int | None, end_line: int | None, *, outdated: bool
) -> str:
    """Return a thread's location as text."""
    if path is None:
        return "about the change as a whole"
    if line is None:
        return f"about {path}"
    lines = f"line {line}" if end_line in (None, line) else f"lines {line} to {end_line}"
    return f"about {path}, {lines}" + (
        ", in an older version: the lines have changed since" if outdated else ""
    )


def _format_code(thread: Thread) -> str:
    first = thread.first
    if first is None:
        return "\n".join(f"    {line}" for line in thread.code)
    return "\n".join(f"    {first + at:>5}  {line}" for at, line in enumerate(thread.code))


def format_history(
    description: str, earlier: Sequence[tuple[int, str]], changed: Sequence[ChangedFile]
) -> str:
    """Return the history for an agent that starts without a session.

    It has the task, the earlier follow-ups as (round, instruction), and the changed files.
    """
    parts = [
        "This continues work that is already in this repository, on the checked-out branch. "
        "The original request was:",
        _quote(_truncate(description, _MAX_DESCRIPTION)),
    ]
    for round_, instruction in earlier[-_MAX_ROUNDS:]:
        parts += [f"Then, in round {round_}:", _quote(_truncate(instruction, _MAX_EARLIER))]
    if changed:
        lines = [_format_file(file) for file in changed[:MAX_FILES]]
        if len(changed) > MAX_FILES:
            lines.append("- and more")
        parts += ["Files changed since, compared with the initial branch:", "\n".join(lines)]
    return "\n\n".join([*parts, "Your task now:"])


def _format_file(file: ChangedFile) -> str:
    if file.insertions is None or file.deletions is None:
        return f"- {file.path}"
    return f"- {file.path} (+{file.insertions} -{file.deletions})"


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _truncate(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
