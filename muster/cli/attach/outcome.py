"""How a look at a terminal ends, and what the command's exit status then is."""

import enum
from dataclasses import dataclass

from muster.cli.errors import DONE, FAILED, INTERRUPTED, NOT_ALLOWED
from muster.protocol.terminal import CloseCode


class ExitReason(enum.Enum):
    """`NO_STAGE`: the task may go on, but nothing of it runs now. `REFUSED`: as what nobody should
    have said."""

    DETACHED = "asked"
    TASK_ENDED = "task"
    NO_STAGE = "no stage"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    SIGNED_OUT = "signed out"
    TOO_MANY = "full"
    LOST = "lost"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    SIGNAL = "signal"


_EXIT_STATUSES = {
    ExitReason.DETACHED: DONE,
    ExitReason.TASK_ENDED: DONE,
    ExitReason.NO_STAGE: DONE,
    ExitReason.FORBIDDEN: NOT_ALLOWED,
    ExitReason.MISSING: NOT_ALLOWED,
    ExitReason.SIGNED_OUT: NOT_ALLOWED,
    ExitReason.INTERRUPTED: INTERRUPTED,
}

REASONS_BY_CLOSE_CODE = {
    CloseCode.MALFORMED: ExitReason.REFUSED,
    CloseCode.FORBIDDEN: ExitReason.FORBIDDEN,
    CloseCode.NO_TASK: ExitReason.MISSING,
    CloseCode.ENDED: ExitReason.TASK_ENDED,
}
"""A socket that is closed with these has met something for good. 4409 is none of them: the task may
go on, and who asks for a new token is told."""


@dataclass(frozen=True)
class Outcome:
    """`signal`: by which one, if it was one. `detail`: what the server said of it. `has_begun`:
    whether one was at the terminal."""

    reason: ExitReason
    signal: int = 0
    detail: str = ""
    has_started: bool = True

    @property
    def status(self) -> int:
        if self.reason is ExitReason.SIGNAL:
            return 128 + self.signal
        if self.reason in (ExitReason.TASK_ENDED, ExitReason.NO_STAGE) and not self.has_started:
            return FAILED
        return _EXIT_STATUSES.get(self.reason, FAILED)
