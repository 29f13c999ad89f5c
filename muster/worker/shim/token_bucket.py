"""How often something may happen: some times at once, and then now and then."""


class Allowance:
    def __init__(self, most: int, seconds: float) -> None:
        """`most` at once, and one more after each `seconds`."""
        self._most = most
        self._seconds = seconds
        self._left = float(most)
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether it may happen now, and then it has; `now` in seconds."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._left = min(self._most, self._left + passed / self._seconds)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
