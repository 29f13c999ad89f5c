"""A stage's time limit, which is paused while a question is open."""

from math import inf


class StageClock:
    """All times in boot-time seconds."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        self._paused_at: float | None = None

    @property
    def ends_at(self) -> float:
        """Infinite while it is paused."""
        return self._ends_at if self._paused_at is None else inf

    def pause(self, now: float) -> None:
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        if self._paused_at is not None:
            self._ends_at += now - self._paused_at
            self._paused_at = None
