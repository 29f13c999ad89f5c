"""Classify the failures of a turn, and when a limit resets."""

from __future__ import annotations

from muster.worker.agents.runner import failures
from muster.worker.agents.runner.formats.fields import (
    optional_string,
    parse_count,
    require_mapping,
    require_string,
)

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

_KIND_BY_INFO = {
    "usageLimitExceeded": "quota",
    "rateLimitExceeded": "rate_limit",
    "serverOverloaded": "overloaded",
    "unauthorized": "auth",
    "cyberPolicy": "refused",
    "misalignmentPolicyViolation": "refused",
}
_LIMITS = ("quota", "rate_limit")
_USED_UP_PERCENT = 100


class RateLimits:
    """The account's limits. An update has only some of them."""

    def __init__(self) -> None:
        self._windows: dict[str, dict[str, Any]] = {}

    def update(self, snapshot: dict[str, Any]) -> None:
        for name in ("primary", "secondary"):
            if snapshot.get(name) is not None:
                self._windows[name] = require_mapping(snapshot[name])

    def resets_at(self) -> int | None:
        """Return when the limits that are used up reset, in unix seconds."""
        times = [
            parse_count(window.get("resetsAt"))
            for window in self._windows.values()
            if _is_used_up(window.get("usedPercent"))
        ]
        return max((time for time in times if time is not None), default=None)


def error_text(error: dict[str, Any]) -> str:
    message = require_string(error["message"])
    details = optional_string(error.get("additionalDetails"))
    return f"{message} ({details})" if details else message


def failure_from_error(error: dict[str, Any], limits: RateLimits) -> dict[str, Any]:
    """Return the fact for an error of a turn."""
    failure = failures.failure_from_message(error_text(error))
    kind = _kind_of_info(error.get("codexErrorInfo"), failure["kind"])
    failure = failures.make_failure(kind, error_text(error), failure["resetsAt"])
    if failure["kind"] in _LIMITS and failure["resetsAt"] is None:
        failure["resetsAt"] = limits.resets_at()
    return failure


def _kind_of_info(info: Any, from_message: str) -> str:
    """Return the kind by codex's own code, by the message's, or else by the response's status."""
    if isinstance(info, str) and info in _KIND_BY_INFO:
        return _KIND_BY_INFO[info]
    if from_message != "unknown" or not isinstance(info, dict):
        return from_message
    for details in info.values():
        status = details.get("httpStatusCode") if isinstance(details, dict) else None
        if kind := failures.kind_of_status(status):
            return kind
    return from_message


def _is_used_up(percent: Any) -> bool:
    return (
        isinstance(percent, int | float)
        and not isinstance(percent, bool)
        and percent >= _USED_UP_PERCENT
    )
