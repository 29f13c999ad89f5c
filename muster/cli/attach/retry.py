"""When a line that is cut is dialled again, and when it is given up."""

import random
import time

_FIRST_DELAY_SECONDS, _MAX_DELAY_SECONDS = 1.0, 30.0  # seconds
_IDLE_TIMEOUT_SECONDS = 45.0  # seconds for a machine to be back at a server that is


class Retry:
    """Moments are those of the monotonic clock. `due`: when to dial; None: not now."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds, from the cut on."""
        self._timeout_seconds = patience
        self._failures = 0
        self._lost_at: float | None = None
        self._idle_at: float | None = None
        self.next_try_at: float | None = None

    @property
    def gives_up_at(self) -> float | None:
        """When to give up; None while there is a line."""
        return None if self._lost_at is None else self._lost_at + self._timeout_seconds

    def mark_disconnected(self, now: float) -> None:
        """There is no line, and it is being dialled."""
        self._lost_at = now if self._lost_at is None else self._lost_at
        self.next_try_at = None

    def schedule_next(self, now: float) -> None:
        """Longer each time, and never at the same time as all others; the first time soon, for
        most cuts are of a single connection."""
        self.mark_disconnected(now)
        self._failures += 1
        most = min(_MAX_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (self._failures - 1))
        self.next_try_at = now + random.uniform(0.0 if self._failures == 1 else most / 2, most)

    def is_idle_expired(self) -> bool:
        """The server is there, and nothing of the task runs: whether to give up. After a cut of
        the server's own its machine may only be on its way back."""
        now = time.monotonic()
        self._idle_at = now if self._idle_at is None else self._idle_at
        return now >= self._idle_at + _IDLE_TIMEOUT_SECONDS

    def reset(self) -> None:
        self._failures = 0
        self._lost_at = self._idle_at = self.next_try_at = None
