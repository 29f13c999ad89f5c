"""What a machine may have kept of what it says, and what becomes of its word beyond that."""

from app.domain.errors import Conflict

MAX_LATE_BYTES = 4 << 20
"""So much more is kept of an attempt's log and transcript once it has ended: the rest of what came
until then, and what comes while it is stopped."""

MAX_GAPS = 1_000
"""Ranges of one log that are lost. Behind the last of so many everything is."""

MAX_EVENTS = 20_000
"""When a task has so many events only what moves it on is heard of it."""

MAX_QUESTIONS = 500
"""In the middle of one stage, in one round."""

MAX_RUNS = 100
"""Of one stage: of so many it is kept what they have used."""

_CHUNK, _MARK = 256, 32  # bytes of what is kept beside those that were said


class LimitExceeded(Conflict):
    """The machine has said more than it may."""


class ForgedReport(Conflict):
    """The machine has named something that is not its attempt's."""


def storage_cost(size: int, marks: int = 0) -> int:
    """The bytes that a chunk of a log or transcript counts, which is more the smaller it is."""
    return size + _CHUNK + _MARK * marks


def max_bytes(live: int, *, ended: bool, late: int | None) -> int:
    """How much an attempt's log and transcript may count: while it is `live`, and of one that has
    `ended` what was noted then (None: by a release that noted nothing)."""
    if not ended:
        return live
    return MAX_LATE_BYTES if late is None else late
