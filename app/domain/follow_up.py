"""Follow-ups: what a person says to a task whose work is there, and a new round of it does.

When one may begin, and the words in which agents are told of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.domain.errors import Conflict
from app.domain.task import ENDED, TaskStatus

MAX_INSTRUCTION = 20_000  # characters
MAX_QUEUED = 20
"""So many may wait for one task."""

BEFORE_FIRST_STAGE = -1
"""Under this index a follow-up's round has what it began with among its checkpoints: as if a stage
before the first had left it."""

_MAX_TITLE = 160  # characters
_MAX_DESCRIPTION, _MAX_EARLIER = 4_000, 1_000  # characters, of a history
_MAX_ROUNDS, MAX_FILES = 10, 100


class TooManyFollowUps(Conflict):
    """As many follow-ups as may be wait for this task; withdraw one, or wait."""

    code = "too_many_follow_ups"


class FollowUpStarted(Conflict):
    """That follow-up has begun; cancel the task to stop it."""

    code = "follow_up_started"


class FollowUpState(StrEnum):
    """A queued one begins when its task rests; one that has started is its round's."""

    QUEUED = "queued"
    STARTED = "started"
    WITHDRAWN = "withdrawn"


def can_start_now(status: TaskStatus, *, at_gate: bool) -> bool:
    """Whether a follow-up that a person makes now may begin now. `at_gate`: the question before a
    stage is open.
    """
    return status in ENDED or (at_gate and status in (TaskStatus.SUSPENDED, TaskStatus.QUEUED))


def can_start_automatically(status: TaskStatus, *, at_gate: bool) -> bool:
    """Whether one that is queued may begin now, without anybody's act. After a failure it waits for
    a person: what it was meant to follow has not come to its end.
    """
    return can_start_now(status, at_gate=at_gate) and status in (
        TaskStatus.COMPLETED,
        TaskStatus.SUSPENDED,
        TaskStatus.QUEUED,
    )


def seed_checkpoints(last: Mapping[str, Any], start: int) -> dict[str, dict[str, Any]]:
    """The checkpoints of a round that begins at stage `start` with that work: whatever is lost or
    tried again up to there, it goes on from the same.
    """
    return {str(index): dict(last) for index in range(BEFORE_FIRST_STAGE, start)}


# ---- words -------------------------------------------------------------------------------------


def has_placeholder(command: str) -> bool:
    """Whether a stage's command has a place for what is to be done."""
    return "{description}" in command or "{instruction}" in command


def build_prompt(filled: str, instruction: str, review: str, *, says_it: bool) -> str:
    """What an agent is told: its stage's command, filled in; what is to be done now, unless that
    says it; and a review, where there is one.
    """
    parts = [filled] if says_it else [instruction, filled]
    return "\n\n".join(part for part in (*parts, review) if part)


def transcript_heading(round_: int, instruction: str) -> str:
    """What the transcript of a round begins with."""
    words = " ".join(instruction.split())
    return f"Follow-up, round {round_}: {_truncate(words, _MAX_TITLE)}"


@dataclass(frozen=True)
class ChangedFile:
    """A file that the task has changed; None of a number: it is binary, or not counted."""

    path: str
    insertions: int | None = None
    deletions: int | None = None


@dataclass(frozen=True)
class Thread:
    """A thread of a review, in words: `where` it is, the `code` that it is about, the first of its
    lines being number `first`, and what was said in it, as (by, text)."""

    id: int
    where: str
    code: Sequence[str] = ()
    first: int | None = None
    comments: Sequence[tuple[str, str]] = ()


def format_review(threads: Sequence[Thread]) -> str:
    """What an agent is told of a review's threads; empty where there are none."""
    if not threads:
        return ""
    parts = [
        "The review has these threads. Do what they ask for, and answer in each by the tool "
        "`reply_comment`, with its id: what you have changed, or why you have not."
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
    """A thread's place in words."""
    if path is None:
        return "about the whole"
    if line is None:
        return f"about {path}"
    lines = f"line {line}" if end_line in (None, line) else f"lines {line} to {end_line}"
    return f"about {path}, {lines}" + (", as it was then: it has changed since" if outdated else "")


def _format_code(thread: Thread) -> str:
    first = thread.first
    if first is None:
        return "\n".join(f"    {line}" for line in thread.code)
    return "\n".join(f"    {first + at:>5}  {line}" for at, line in enumerate(thread.code))


def format_history(
    description: str, earlier: Sequence[tuple[int, str]], changed: Sequence[ChangedFile]
) -> str:
    """What an agent that was not there is told of what has been done: the task, the follow-ups
    before this one, as (round, instruction), and the files that are changed by now.
    """
    parts = [
        "This goes on with work that is in this repository already: the branch that is checked out "
        "has it. It was asked for with these words:",
        _quote(_truncate(description, _MAX_DESCRIPTION)),
    ]
    for round_, instruction in earlier[-_MAX_ROUNDS:]:
        parts += [f"Then, in round {round_}:", _quote(_truncate(instruction, _MAX_EARLIER))]
    if changed:
        lines = [_format_file(file) for file in changed[:MAX_FILES]]
        if len(changed) > MAX_FILES:
            lines.append("- and more")
        parts += ["Changed since, against the branch that it began with:", "\n".join(lines)]
    return "\n\n".join([*parts, "What is to be done now:"])


def _format_file(file: ChangedFile) -> str:
    if file.insertions is None or file.deletions is None:
        return f"- {file.path}"
    return f"- {file.path} (+{file.insertions} -{file.deletions})"


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def _truncate(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
