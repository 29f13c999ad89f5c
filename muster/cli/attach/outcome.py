"""How an attached session ends, and the command's exit status."""

import enum
from dataclasses import dataclass

from muster.cli.errors import DONE, FAILED, INTERRUPTED, NOT_ALLOWED
from muster.protocol.terminal import CloseCode


class ExitReason(enum.Enum):
    """Why a session ends.

    `NO_STAGE`: no stage is running, but the task may continue. `REFUSED`: an invalid request.
    """

    DETACHED = "asked"
    TASK_ENDED = "task"
    NO_STAGE = "no stage"
    SHELL_ENDED = "shell"
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
    ExitReason.SHELL_ENDED: DONE,
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
"""Close codes that are final. 4409 isn't: the task may continue, and the request for a new token
shows whether it does."""


@dataclass(frozen=True)
class Outcome:
    """How a session ended.

    `signal`: the signal that ended it, if any. `detail`: the server's message. `has_started`:
    whether the terminal was ever ready.
    """

    reason: ExitReason
    signal: int = 0
    detail: str = ""
    has_started: bool = True

    @property
    def status(self) -> int:
        if self.reason is ExitReason.SIGNAL:
            return 128 + self.signal
        ends = (ExitReason.TASK_ENDED, ExitReason.NO_STAGE, ExitReason.SHELL_ENDED)
        if self.reason in ends and not self.has_started:
            return FAILED
        return _EXIT_STATUSES.get(self.reason, FAILED)
