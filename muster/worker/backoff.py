"""The delay between retries."""

import random


class Backoff:
    """Exponential backoff with full jitter, so that machines that lost one server don't return at
    once.

    Seconds: at most `first` before the first retry, twice that before the next, up to `most`.
    """

    def __init__(self, first: float = 1.0, most: float = 15.0) -> None:
        self._first = first
        self._max_seconds = most
        self._ceiling = first

    def next(self) -> float:
        """Return the seconds to wait now; the next wait may be twice as long."""
        delay = random.uniform(0.0, self._ceiling)
        self._ceiling = min(self._max_seconds, self._ceiling * 2)
        return delay

    def reset(self) -> None:
        """Start again with short waits."""
        self._ceiling = self._first
