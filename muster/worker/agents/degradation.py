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
_KEY_REASONS = frozenset({"auth_failure", "rate_limit"})
"""What a key brings, which is a project's own as long as no other project has the same trouble."""


def _recent_projects() -> deque[str]:
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
    degraded_until: float = -math.inf
    # Projects, since the last success.
    _failed_projects: deque[str] = field(default_factory=_recent_projects)
    _key_failed_projects: deque[str] = field(default_factory=_recent_projects)
    _proven_projects: set[str] = field(default_factory=set)  # projects that may be believed alone

    def record_failure(self, project: str, reason: Reason, now: float) -> None:
        is_of_key = reason in _KEY_REASONS
        latest = self._key_failed_projects if is_of_key else self._failed_projects
        latest.append(project)
        if len(latest) < FAILURES_TO_DEGRADE:
            return
        if len(set(latest)) > 1 or (not is_of_key and self._consume_proof(project)):
            self.reason, self.degraded_until = reason, now + DEGRADED_SECONDS[reason]

    def record_success(self, project: str) -> None:
        self._clear()
        self._proven_projects.add(project)

    def clear_missing_binary(self) -> None:
        """Ends what was said of a missing binary: it is there again, or is another one."""
        if self.reason == "binary_missing":
            self._clear()

    def active_reason(self, now: float) -> Reason | None:
        """Why no work should come now; None when it may."""
        return self.reason if now < self.degraded_until else None

    def _consume_proof(self, project: str) -> bool:
        if project not in self._proven_projects:
            return False
        self._proven_projects.remove(project)
        return True

    def _clear(self) -> None:
        self._failed_projects.clear()
        self._key_failed_projects.clear()
        self.reason, self.degraded_until = None, -math.inf
