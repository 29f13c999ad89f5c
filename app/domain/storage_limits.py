"""Limits on a machine's stored reports, and what happens beyond them."""

from app.domain.errors import Conflict

MAX_LATE_BYTES = 4 << 20
"""Extra log and transcript bytes stored after an attempt ends: those still unsent, and those
written while it stops.
"""

MAX_GAPS = 1_000
"""Maximum lost ranges in a log. Beyond that, the rest of the log is lost."""

MAX_EVENTS = 20_000
"""From this many events on, only those that change the task's status are stored."""

MAX_QUESTIONS = 500
"""Maximum questions during one stage, per round."""

MAX_RUNS = 100
"""Maximum runs per stage and turn whose usage is stored."""

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
