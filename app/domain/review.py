"""Reviews: comment threads on a task's changes, and verdicts."""

from enum import StrEnum

from app.domain.pipeline import GateKind

MAX_THREADS = 1_000
"""Maximum threads per task, including drafts."""

MAX_COMMENTS = 100
"""Maximum comments per thread, including drafts."""

MAX_TEXT = 300_000
"""Maximum characters of all comments in a thread."""

MAX_COMMENT = 10_000
"""Maximum characters in a comment."""

MAX_CODE_LINE = 400
"""Maximum characters of a line stored with a thread."""

CONTEXT_LINES = 3
"""Lines stored with a thread, above the commented ones."""

MAX_LINES = 100
"""Maximum lines that one comment can cover."""


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
