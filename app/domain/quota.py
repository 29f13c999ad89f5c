"""Waits for an agent's account to be usable again: until when, and for how long altogether."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

_FIRST, _LONGEST = timedelta(seconds=60), timedelta(minutes=15)  # where no time is known


class OnQuota(StrEnum):
    """What becomes of a stage whose agent's account may not be used for a while."""

    WAIT = "wait"  # the task is suspended, and goes on by itself
    FAIL = "fail"  # it fails as any other


@dataclass(frozen=True)
class QuotaWaits:
    """How a task has waited so far in its round: the seconds altogether, and how many waits in a
    row had no known end. Stored as {seconds, guesses}.
    """

    seconds: float = 0.0
    guesses: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "QuotaWaits":
        return cls(**stored) if stored else cls()

    def until(self, resets_at: datetime | None, now: datetime) -> datetime:
        """Until when to wait next. Where the agent has not said, or says what is over, a minute,
        and twice as long each time, up to 15 minutes.
        """
        if resets_at is not None and resets_at > now:
            return resets_at
        guess: timedelta = _FIRST * 2 ** min(self.guesses, 10)
        return now + min(guess, _LONGEST)

    def after(self, until: datetime, resets_at: datetime | None, now: datetime) -> "QuotaWaits":
        """The waits, with that one."""
        is_known = until == resets_at
        guesses = 0 if is_known else self.guesses + 1
        return QuotaWaits(self.seconds + (until - now).total_seconds(), guesses)
