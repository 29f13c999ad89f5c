"""Reviews: comment threads on a task's changes, and verdicts."""

from enum import StrEnum

from app.domain.pipeline import GateKind

MAX_THREADS = 1_000
"""Per task, drafts included."""

MAX_COMMENTS = 100
"""Per thread, drafts included."""

MAX_TEXT = 300_000
"""Characters of all comments in one thread."""

MAX_COMMENT = 10_000
"""Characters."""

MAX_CODE_LINE = 400
"""Characters of a line stored with a thread."""

CONTEXT_LINES = 3
"""Lines above the commented ones that are stored with a thread."""

MAX_LINES = 100
"""Lines that one comment can cover."""


class ReviewVerdict(StrEnum):
    """A review's verdict on the work."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    COMMENT = "comment"


class Side(StrEnum):
    """The version of a file that a line belongs to."""

    OLD = "old"
    NEW = "new"


class ThreadState(StrEnum):
    """A thread is open until someone resolves it.

    It's outdated, open or not, if its lines no longer exist.
    """

    OPEN = "open"
    RESOLVED = "resolved"
    OUTDATED = "outdated"


def answer_of_verdict(verdict: ReviewVerdict, kind: GateKind) -> str | None:
    """Return a verdict's answer to an open gate; None: it isn't one, and the gate stays open.

    Requesting changes doesn't reject: the task continues with the comments.
    """
    if kind is GateKind.CONFIRM and verdict is ReviewVerdict.APPROVE:
        return "confirm"
    return None


def has_content(verdict: ReviewVerdict, body: str, comments: int) -> bool:
    """Whether a review has content. An approval needs no text."""
    return verdict is ReviewVerdict.APPROVE or bool(body.strip()) or comments > 0
