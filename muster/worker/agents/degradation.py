"""Whether an agent type should get work on this machine, by how its stages have ended."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["binary_missing", "auth_failure", "rate_limit", "unknown"]

FAILURES_TO_DEGRADE = 3
DEGRADED_SECONDS: dict[Reason, float] = {
    "binary_missing": 300.0,  # or until it is found again
    "auth_failure": 300.0,
    "rate_limit": 60.0,
    "unknown": 600.0,
}
_OF_KEYS = frozenset({"auth_failure", "rate_limit"})
"""What a key brings, which is a project's own as long as no other project has the same trouble."""


def _latest() -> deque[str]:
    return deque(maxlen=FAILURES_TO_DEGRADE)


@dataclass
class Degradation:
    """One agent type's. `now` is any clock in seconds that does not go back.

    The latest three failures since a success say no for a while, if they are not all of one
    project: what a project brings (keys, environment, instructions) is no fault of the machine's.
    If they are, they count only where that project has succeeded here since it last degraded the
    agent alone: what it brings has been seen to work, and costs others one pause at most. What
    comes of keys, refused or spent, never counts alone, nor with failures of another sort.
    """

    reason: Reason | None = None
    until: float = -math.inf
    # Projects, since the last success.
    _failed: deque[str] = field(default_factory=_latest)
    _refused: deque[str] = field(default_factory=_latest)
    _proven: set[str] = field(default_factory=set)  # projects that may be believed alone

    def fail(self, project: str, reason: Reason, now: float) -> None:
        is_of_key = reason in _OF_KEYS
        latest = self._refused if is_of_key else self._failed
        latest.append(project)
        if len(latest) < FAILURES_TO_DEGRADE:
            return
        if len(set(latest)) > 1 or (not is_of_key and self._is_believed(project)):
            self.reason, self.until = reason, now + DEGRADED_SECONDS[reason]

    def succeed(self, project: str) -> None:
        self._clear()
        self._proven.add(project)

    def found_again(self) -> None:
        """Ends what was said of a missing binary: it is there again, or is another one."""
        if self.reason == "binary_missing":
            self._clear()

    def degraded(self, now: float) -> Reason | None:
        """Why no work should come now; None when it may."""
        return self.reason if now < self.until else None

    def _is_believed(self, project: str) -> bool:
        if project not in self._proven:
            return False
        self._proven.remove(project)
        return True

    def _clear(self) -> None:
        self._failed.clear()
        self._refused.clear()
        self.reason, self.until = None, -math.inf
