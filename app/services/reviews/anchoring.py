"""What a comment or a review is about: a commit of the task's, a file of it, lines in that."""

from dataclasses import dataclass
from typing import Any

from app.domain.errors import InvalidFields
from app.models import Task


@dataclass(frozen=True)
class ReviewedCommit:
    """A commit that an attempt has come to; None: no machine has told of any yet."""

    round: int
    attempt: int
    commit: str | None


def latest_of(task: Task) -> ReviewedCommit:
    """What the task has come to last."""
    return ReviewedCommit(task.round, task.attempt, None)


def commit_of(task: Task, commit: str | None) -> ReviewedCommit:
    """That commit of the task's, or the latest. Raises InvalidFields where it has no such."""
    if commit is not None:
        raise InvalidFields({"commit": ["the task has no such commit"]})
    return latest_of(task)


def anchored(task: Task, **place: Any) -> dict[str, Any]:
    """Columns of a `ReviewThread` at that place. Raises InvalidFields."""
    if place.get("path") is not None:
        raise InvalidFields({"path": ["is no file that the task has changed"]})
    about = commit_of(task, place.get("commit"))
    return {"attempt": about.attempt, "commit": about.commit}
