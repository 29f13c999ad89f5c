"""When a delivery is tried again, and when a bot is left in peace.

Time and chance are arguments: `luck` is a number from 0 to 1.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_WAIT = timedelta(seconds=4)
LONGEST_WAIT = timedelta(hours=1)
OPENS_AFTER = 5  # failures in a row
FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=10)
# A platform may ask for any time; after this long somebody would rather see a dead letter.
LONGEST_ASKED = timedelta(hours=6)


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class DeliveryAct(StrEnum):
    POST = "post"
    EDIT = "edit"  # of a card that was posted: its question is no longer open


OPEN = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})


def wait(attempts: int, luck: float) -> timedelta:
    """How long after the so many-th failure: exponential, with full jitter.

    With full jitter the many that failed together do not come back together.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * _doubled(attempts - 1))
    return longest * luck


def _doubled(times: int) -> int:
    return 1 << min(times, 20)


@dataclass(frozen=True)
class Circuit:
    """How a bot's host has answered lately: `failures` in a row, and until when it is left alone.

    Closed while there are few; then open until `rests_until`, and after that half-open: one
    delivery tries it for all.
    """

    failures: int = 0
    rests_until: datetime | None = None

    def room(self, now: datetime, at_once: int, in_flight: int) -> int:
        """How many more may be sent to it now."""
        if self.rests_until is not None and now < self.rests_until:
            return 0
        allowed = 1 if self.failures >= OPENS_AFTER else at_once
        return max(0, allowed - in_flight)

    def after_answer(self) -> "Circuit":
        """The host has answered, were it with a refusal."""
        return Circuit()

    def after_failure(self, now: datetime) -> "Circuit":
        """It has not, or not sensibly."""
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return replace(self, failures=failures)
        rest = min(LONGEST_REST, FIRST_REST * _doubled(failures - OPENS_AFTER))
        return Circuit(failures, now + rest)

    def after_wish(self, now: datetime, asked: timedelta) -> "Circuit":
        """It has asked to be left alone for so long: it is well, and that is no failure."""
        until = now + min(asked, LONGEST_ASKED)
        return Circuit(0, max(until, self.rests_until or until))
