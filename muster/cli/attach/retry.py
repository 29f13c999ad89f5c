"""When to redial after a disconnect, and when to give up."""

import random
import time

_FIRST_DELAY_SECONDS, _MAX_DELAY_SECONDS = 1.0, 30.0  # seconds
_IDLE_TIMEOUT_SECONDS = 45.0  # for a machine to reconnect to a server that is up


class Retry:
    """Times are on the monotonic clock. `next_try_at`: when to dial; None: not now."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds from the disconnect."""
        self._timeout_seconds = patience
        self._failures = 0
        self._lost_at: float | None = None
        self._idle_at: float | None = None
        self.next_try_at: float | None = None

    @property
    def gives_up_at(self) -> float | None:
        """When to give up; None while connected."""
        return None if self._lost_at is None else self._lost_at + self._timeout_seconds

    def mark_disconnected(self, now: float) -> None:
        """Record that there's no connection and a dial has started."""
        self._lost_at = now if self._lost_at is None else self._lost_at
        self.next_try_at = None

    def schedule_next(self, now: float) -> None:
        """Back off exponentially with jitter; the first retry is soon, because most disconnects
        affect a single connection."""
        self.mark_disconnected(now)
        self._failures += 1
        most = min(_MAX_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (self._failures - 1))
        self.next_try_at = now + random.uniform(0.0 if self._failures == 1 else most / 2, most)

    def is_idle_expired(self) -> bool:
        """Whether to give up on a server that is up while no stage runs. After the server's own
        restart, the task's machine may still be reconnecting."""
        now = time.monotonic()
        self._idle_at = now if self._idle_at is None else self._idle_at
        return now >= self._idle_at + _IDLE_TIMEOUT_SECONDS

    def reset(self) -> None:
        self._failures = 0
        self._lost_at = self._idle_at = self.next_try_at = None
