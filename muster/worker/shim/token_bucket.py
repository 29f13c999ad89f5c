"""Limit how often something may happen: a burst, and then a rate."""


class TokenBucket:
    def __init__(self, most: int, seconds: float) -> None:
        """`most` at once, and one more after each `seconds`."""
        self._capacity = most
        self._refill_seconds = seconds
        self._tokens = float(most)
        self._refilled_at: float | None = None

    def try_consume(self, now: float) -> bool:
        """Whether it may happen now, and count it if so; `now` in seconds."""
        passed = 0.0 if self._refilled_at is None else max(0.0, now - self._refilled_at)
        self._tokens = min(self._capacity, self._tokens + passed / self._refill_seconds)
        self._refilled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
