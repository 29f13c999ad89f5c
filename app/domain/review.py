"""Reviews: comments in threads on what a task has changed, and verdicts on it."""

from enum import StrEnum

from app.domain.pipeline import GateKind

MAX_THREADS = 1_000
"""Of one task, drafts included."""

MAX_COMMENTS = 100
"""In one thread, drafts included."""

MAX_TEXT = 300_000
"""Characters of all comments in one thread."""

MAX_COMMENT = 10_000
"""Characters."""

MAX_CODE_LINE = 400
"""Characters of a line that is kept with a thread."""

CONTEXT_LINES = 3
"""Lines above what is commented that are kept with a thread."""

MAX_LINES = 100
"""That one comment may be about."""


class ReviewVerdict(StrEnum):
    """What a review says of the work."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    COMMENT = "comment"


class Side(StrEnum):
    """The version of a file that a line is of."""

    OLD = "old"
    NEW = "new"


class ThreadState(StrEnum):
    """A thread is open until somebody resolves it. One that is outdated, open or not, is about
    lines that are not there any more."""

    OPEN = "open"
    RESOLVED = "resolved"
    OUTDATED = "outdated"


def answer_of_verdict(verdict: ReviewVerdict, kind: GateKind) -> str | None:
    """The answer that a verdict is to an open gate; None: it is none, and the gate stays open.

    Who wants changes rejects nothing: the task is not over, it goes on with what they say.
    """
    if kind is GateKind.CONFIRM and verdict is ReviewVerdict.APPROVE:
        return "confirm"
    return None


def has_content(verdict: ReviewVerdict, body: str, comments: int) -> bool:
    """Whether a review has something in it: to approve is enough."""
    return verdict is ReviewVerdict.APPROVE or bool(body.strip()) or comments > 0
