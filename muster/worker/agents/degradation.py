"""Decide from its recent stages whether an agent type should get work on this machine."""

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
"""Key failures, which count as the project's own until another project has them, too."""


def _recent_projects() -> deque[str]:
    return deque(maxlen=FAILURES_TO_DEGRADE)


@dataclass
class Degradation:
    """The state of one agent type. `now` is any clock in seconds that never goes back.

    Three failures since the last success pause it for a while, unless all are of one project,
    because a project's own keys, environment or instructions may be the cause. Failures of one
    project count only if it has succeeded here since it last degraded the agent alone: then its
    setup works, and it costs the others one pause at most. Failures of keys, rejected or exhausted,
    never count alone, nor with failures of another kind.
    """

    reason: Reason | None = None
    degraded_until: float = -math.inf
    # Projects of failures since the last success.
    _failed_projects: deque[str] = field(default_factory=_recent_projects)
    _key_failed_projects: deque[str] = field(default_factory=_recent_projects)
    _proven_projects: set[str] = field(default_factory=set)  # projects whose failures count alone

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
        """Clear the reason of a missing binary: it is found again, or replaced."""
        if self.reason == "binary_missing":
            self._clear()

    def active_reason(self, now: float) -> Reason | None:
        """Return why no work should come now; None if there is no reason."""
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
