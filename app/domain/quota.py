"""Waits for an agent's account to be usable again: until when, and for how long altogether."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeGuard

_MIN_WAIT = timedelta(seconds=5)  # a time that is all but over keeps nobody from asking too often
_INITIAL_WAIT, _MAX_WAIT = timedelta(seconds=60), timedelta(minutes=15)  # where no time is known
_SOON = timedelta(minutes=1)
"""An agent that says so soon after a wait that it has to wait again has not got far."""


class OnQuota(StrEnum):
    """What becomes of a stage whose agent's account may not be used for a while."""

    WAIT = "wait"  # the task is suspended, and goes on by itself
    FAIL = "fail"  # it fails as any other


@dataclass(frozen=True)
class QuotaWaits:
    """How a task has waited so far in its round: the seconds altogether, and how many waits in a
    row had no known end. `avoided` are the machines on which it need not try before a time. `last`
    is when it waited until last, and `vain` how many waits in a row brought it no further. Stored
    as {seconds, guesses, avoided{machine: RFC 3339}, last: RFC 3339, vain}.
    """

    seconds: float = 0.0
    guesses: int = 0
    avoided: Mapping[str, str] = field(default_factory=dict)
    last: str | None = None
    vain: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "QuotaWaits":
        return cls(**stored) if stored else cls()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def with_avoided(self, machine_id: str, until: datetime, now: datetime) -> "QuotaWaits":
        """The same, where the task goes on elsewhere instead of waiting for that machine."""
        seconds = self.seconds - (until - now).total_seconds()
        avoided = {**self.avoided, machine_id: until.isoformat()}
        return replace(self, seconds=max(seconds, 0.0), avoided=avoided)

    def avoided_machines(self, now: datetime) -> frozenset[str]:
        """The machines that are to be avoided now."""
        times = self.avoided.items()
        return frozenset(each for each, until in times if datetime.fromisoformat(until) > now)

    def next_wait_end(self, resets_at: datetime | None, now: datetime) -> datetime:
        """Until when to wait next. Where the agent has not said, or says what is over, a minute,
        and twice as long each time, up to 15 minutes; nor is a time that comes again and again
        asked for more often.
        """
        if _is_known(resets_at, now):
            return max(resets_at, now + _backoff(_MIN_WAIT, self._count_short_waits(now)))
        return now + _backoff(_INITIAL_WAIT, self.guesses)

    def with_wait(self, until: datetime, resets_at: datetime | None, now: datetime) -> "QuotaWaits":
        """The waits, with that one."""
        guesses = 0 if _is_known(resets_at, now) else self.guesses + 1
        seconds = self.seconds + (until - now).total_seconds()
        vain, last = self._count_short_waits(now), until.isoformat()
        return replace(self, seconds=seconds, guesses=guesses, last=last, vain=vain)

    def _count_short_waits(self, now: datetime) -> int:
        is_soon = self.last is not None and now - datetime.fromisoformat(self.last) < _SOON
        return self.vain + 1 if is_soon else 0


def _backoff(wait: timedelta, times: int) -> timedelta:
    longer: timedelta = wait * 2 ** min(times, 10)
    return min(longer, _MAX_WAIT)


def _is_known(resets_at: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return resets_at is not None and resets_at > now
