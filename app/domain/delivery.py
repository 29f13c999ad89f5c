"""Retries of chat deliveries: when to try again, and when to pause a bot's host.

The time and the random number (`luck`, from 0 to 1) are arguments.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MIN_WAIT = timedelta(seconds=4)
MAX_WAIT = timedelta(hours=1)
FAILURE_THRESHOLD = 5  # consecutive failures
MIN_PAUSE = timedelta(seconds=15)
MAX_PAUSE = timedelta(minutes=10)
# A platform may ask for any pause. We wait no longer than this, so that dead letters show up.
MAX_RETRY_AFTER = timedelta(hours=6)


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class DeliveryAction(StrEnum):
    POST = "post"
    EDIT = "edit"  # for a posted card: its question is no longer open


OPEN_STATES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})


def backoff(attempts: int, luck: float) -> timedelta:
    """Return the delay after failure number `attempts`: exponential backoff with full jitter.

    Full jitter spreads the retries of deliveries that failed at the same time.
    """
    longest = min(MAX_WAIT, MIN_WAIT * _power_of_two(attempts - 1))
    return longest * luck


def _power_of_two(times: int) -> int:
    return 1 << min(times, 20)


@dataclass(frozen=True)
class CircuitBreaker:
    """A circuit breaker for a bot's host, which counts consecutive failures.

    It's closed below `FAILURE_THRESHOLD` failures, then open until `paused_until`, when nothing is
    sent. After that it's half-open, when one delivery at a time is tried.
    """

    failures: int = 0
    paused_until: datetime | None = None

    def capacity(self, now: datetime, at_once: int, in_flight: int) -> int:
        """Return how many more deliveries may start now, of `at_once` with `in_flight` under
        way.
        """
        if self.paused_until is not None and now < self.paused_until:
            return 0
        allowed = 1 if self.failures >= FAILURE_THRESHOLD else at_once
        return max(0, allowed - in_flight)

    def after_response(self) -> "CircuitBreaker":
        """Return the circuit after the host has answered, even if it rejected the message."""
        return CircuitBreaker()

    def after_failure(self, now: datetime) -> "CircuitBreaker":
        """Return the circuit after the host gave no answer, or a broken one."""
        failures = self.failures + 1
        if failures < FAILURE_THRESHOLD:
            return replace(self, failures=failures)
        rest = min(MAX_PAUSE, MIN_PAUSE * _power_of_two(failures - FAILURE_THRESHOLD))
        return CircuitBreaker(failures, now + rest)

    def after_pause_request(self, now: datetime, asked: timedelta) -> "CircuitBreaker":
        """Return the circuit after the host asked for a pause (Retry-After), which is no
        failure.
        """
        until = now + min(asked, MAX_RETRY_AFTER)
        return CircuitBreaker(0, max(until, self.paused_until or until))
