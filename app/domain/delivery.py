"""Retries of deliveries to chats: when one is tried again, and when a bot's host is given a rest.

The time and the random number (`luck`, from 0 to 1) are arguments.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MIN_WAIT = timedelta(seconds=4)
MAX_WAIT = timedelta(hours=1)
FAILURE_THRESHOLD = 5  # failures in a row
MIN_PAUSE = timedelta(seconds=15)
MAX_PAUSE = timedelta(minutes=10)
# A platform may ask for any pause. We wait no longer than this, so that people see a dead letter.
MAX_RETRY_AFTER = timedelta(hours=6)


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class DeliveryAction(StrEnum):
    POST = "post"
    EDIT = "edit"  # of a card that was posted: its question is no longer open


OPEN_STATES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})


def backoff(attempts: int, luck: float) -> timedelta:
    """How long to wait after failure number `attempts`: exponential backoff with full jitter.

    Full jitter spreads the retries of deliveries that failed at the same time.
    """
    longest = min(MAX_WAIT, MIN_WAIT * _power_of_two(attempts - 1))
    return longest * luck


def _power_of_two(times: int) -> int:
    return 1 << min(times, 20)


@dataclass(frozen=True)
class CircuitBreaker:
    """A circuit breaker for a bot's host, which counts its failures in a row.

    It is closed while there are fewer than `OPENS_AFTER`; then open until `paused_until`, when
    nothing is sent; after that half-open, when one delivery at a time is tried.
    """

    failures: int = 0
    paused_until: datetime | None = None

    def capacity(self, now: datetime, at_once: int, in_flight: int) -> int:
        """How many more deliveries may be begun now, of `at_once` with `in_flight` under way."""
        if self.paused_until is not None and now < self.paused_until:
            return 0
        allowed = 1 if self.failures >= FAILURE_THRESHOLD else at_once
        return max(0, allowed - in_flight)

    def after_response(self) -> "CircuitBreaker":
        """The circuit after the host has answered, even if it has refused the message."""
        return CircuitBreaker()

    def after_failure(self, now: datetime) -> "CircuitBreaker":
        """The circuit after the host has given no answer, or a broken one."""
        failures = self.failures + 1
        if failures < FAILURE_THRESHOLD:
            return replace(self, failures=failures)
        rest = min(MAX_PAUSE, MIN_PAUSE * _power_of_two(failures - FAILURE_THRESHOLD))
        return CircuitBreaker(failures, now + rest)

    def after_pause_request(self, now: datetime, asked: timedelta) -> "CircuitBreaker":
        """The circuit after the host has asked for a pause (Retry-After), which is no failure."""
        until = now + min(asked, MAX_RETRY_AFTER)
        return CircuitBreaker(0, max(until, self.paused_until or until))
