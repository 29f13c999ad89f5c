"""Waits for an agent's account to be usable again: until when, and how long in total."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeGuard

_MIN_WAIT = timedelta(seconds=5)  # a wait that is almost over must not lead to frequent retries
_INITIAL_WAIT, _MAX_WAIT = timedelta(seconds=60), timedelta(minutes=15)  # if the time is unknown
_SOON = timedelta(minutes=1)
"""An agent that must wait again this soon after a wait has made little progress."""


class OnQuota(StrEnum):
    """What happens to a stage whose agent's account is out of quota."""

    WAIT = "wait"  # the task is suspended and resumes by itself
    FAIL = "fail"  # it fails like any other


@dataclass(frozen=True)
class QuotaWaits:
    """A task's waits in its current round.

    It has the total seconds, and the number of consecutive waits without a known end. `avoided` has
    machines not to use before a time. `last` is when the last wait ended, and `vain` the number of
    consecutive waits without progress. Stored as {seconds, guesses, avoided{machine: RFC 3339},
    last: RFC 3339, vain}.
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
        """Return the waits after moving the task away from that machine instead of waiting for
        it.
        """
        seconds = self.seconds - (until - now).total_seconds()
        avoided = {**self.avoided, machine_id: until.isoformat()}
        return replace(self, seconds=max(seconds, 0.0), avoided=avoided)

    def avoided_machines(self, now: datetime) -> frozenset[str]:
        """Return the machines to avoid now."""
        times = self.avoided.items()
        return frozenset(each for each, until in times if datetime.fromisoformat(until) > now)

    def next_wait_end(self, resets_at: datetime | None, now: datetime) -> datetime:
        """Return the end of the next wait.

        If the agent gives no time, or one in the past: a minute, doubled each time, up to 15
        minutes. A time that the agent repeats isn't polled more often.
        """
        if _is_known(resets_at, now):
            return max(resets_at, now + _backoff(_MIN_WAIT, self._count_short_waits(now)))
        return now + _backoff(_INITIAL_WAIT, self.guesses)

    def with_wait(self, until: datetime, resets_at: datetime | None, now: datetime) -> "QuotaWaits":
        """Return the waits including that one."""
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
