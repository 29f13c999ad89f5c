"""How a look at a terminal ends, and what the command's exit status then is."""

import enum
from dataclasses import dataclass

from muster.cli.errors import DONE, FAILED, INTERRUPTED, NOT_ALLOWED
from muster.protocol.terminal import CloseCode


class Why(enum.Enum):
    """`NO_STAGE`: the task may go on, but nothing of it runs now. `REFUSED`: as what nobody should
    have said."""

    ASKED = "asked"
    TASK = "task"
    NO_STAGE = "no stage"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    SIGNED_OUT = "signed out"
    FULL = "full"
    LOST = "lost"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    SIGNAL = "signal"


_STATUSES = {
    Why.ASKED: DONE,
    Why.TASK: DONE,
    Why.NO_STAGE: DONE,
    Why.FORBIDDEN: NOT_ALLOWED,
    Why.MISSING: NOT_ALLOWED,
    Why.SIGNED_OUT: NOT_ALLOWED,
    Why.INTERRUPTED: INTERRUPTED,
}

BY_CODE = {
    CloseCode.MALFORMED: Why.REFUSED,
    CloseCode.FORBIDDEN: Why.FORBIDDEN,
    CloseCode.NO_TASK: Why.MISSING,
    CloseCode.ENDED: Why.TASK,
}
"""A socket that is closed with these has met something for good. 4409 is none of them: the task may
go on, and who asks for a new token is told."""


@dataclass(frozen=True)
class End:
    """`signal`: by which one, if it was one. `detail`: what the server said of it. `has_begun`:
    whether one was at the terminal."""

    why: Why
    signal: int = 0
    detail: str = ""
    has_begun: bool = True

    @property
    def status(self) -> int:
        if self.why is Why.SIGNAL:
            return 128 + self.signal
        if self.why in (Why.TASK, Why.NO_STAGE) and not self.has_begun:
            return FAILED
        return _STATUSES.get(self.why, FAILED)
