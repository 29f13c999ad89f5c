"""Limits on a machine's stored reports, and what happens beyond them."""

from app.domain.errors import Conflict

MAX_LATE_BYTES = 4 << 20
"""Extra bytes stored of an attempt's log and transcript after its end: what was still unsent,
and what comes while it stops.
"""

MAX_GAPS = 1_000
"""Maximum lost ranges of one log. Everything after that many is lost."""

MAX_EVENTS = 20_000
"""At this many events, only those that change the task's status are stored."""

MAX_QUESTIONS = 500
"""Maximum questions in the middle of one stage, per round."""

MAX_RUNS = 100
"""Maximum runs of one stage whose usage is stored."""

_CHUNK, _MARK = 256, 32  # overhead per stored chunk, in bytes


class LimitExceeded(Conflict):
    """The machine exceeded its limit."""


class ForgedReport(Conflict):
    """The machine named something of another attempt."""


def storage_cost(size: int, marks: int = 0) -> int:
    """Return the bytes that a chunk of a log or transcript counts; overhead weighs more for
    small ones.
    """
    return size + _CHUNK + _MARK * marks
