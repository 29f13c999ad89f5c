"""When a stage's time is over: it stands still while a person is asked."""

from math import inf


class StageClock:
    """All times in boot-time seconds."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        self._stood_at: float | None = None

    @property
    def ends_at(self) -> float:
        """Infinite while it stands still."""
        return self._ends_at if self._stood_at is None else inf

    def stand(self, now: float) -> None:
        if self._stood_at is None:
            self._stood_at = now

    def go_on(self, now: float) -> None:
        if self._stood_at is not None:
            self._ends_at += now - self._stood_at
            self._stood_at = None
