"""Limit how long an agent waits for a limit to reset: its task can wait without the agent, and
another task can use the slot.
"""

from __future__ import annotations

from muster.worker.agents.runner import failures, updates

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Update

MAX_WAIT_SECONDS = 10.0
"""Maximum seconds that an agent may wait, if it reports its wait."""
RECOVERY_TIMEOUT_SECONDS = 45.0
"""Seconds from the first report of a limit by which the agent must continue, if it doesn't report
its wait.
"""
GRACE_SECONDS = 5.0
"""Seconds for an agent that mustn't wait to write its last output and exit."""

_KINDS = ("rate_limit", "overloaded", "quota")
_PROGRESS_KINDS = ("message", "thought", "tool", "edit", "command")


class LimitWatchdog:
    """Observes all updates. Times are of `monotonic`, and `wall` is the same time in unix
    seconds.
    """

    def __init__(self) -> None:
        self.end_at: float | None = None
        """When to stop the agent."""
        self.is_expired = False
        """Whether the agent is being stopped: its own reasons no longer count."""
        self._failure: dict[str, Any] | None = None
        self._limited_at: float | None = None

    def observe(self, update: Update, now: float, wall: float) -> list[Update]:
        """Return the updates to publish instead."""
        facts = update.facts or {}
        if self.is_expired:
            other_facts = {name: value for name, value in facts.items() if name != "failure"}
            update.facts = other_facts or None
        elif "failure" in facts:
            self._failure = facts["failure"]
            self._schedule_end(now, wall)
        elif self._limited_at is not None and _is_progress(update.entry):
            self._failure = self._limited_at = self.end_at = None
            return [updates.recovery(), update]
        return [update]

    def expire(self) -> Update:
        """From now on we stop the agent, for the reported reason."""
        assert self._failure is not None
        self.is_expired, self.end_at = True, None
        return updates.error(f"Stopped because it would wait: {self._failure['message']}")

    def _schedule_end(self, now: float, wall: float) -> None:
        if self._failure is None or self._failure["kind"] not in _KINDS:
            self._limited_at = self.end_at = None
            return
        self._limited_at = now if self._limited_at is None else self._limited_at
        resets_at = self._failure["resetsAt"]
        is_long = resets_at is not None and resets_at - wall > MAX_WAIT_SECONDS
        due = now + GRACE_SECONDS if is_long else self._limited_at + RECOVERY_TIMEOUT_SECONDS
        self.end_at = due if self.end_at is None else min(due, self.end_at)


def _is_progress(entry: dict[str, Any] | None) -> bool:
    """Whether its model has responded. A call that was running is also reported at the end."""
    return bool(entry and entry["kind"] in _PROGRESS_KINDS and not entry["data"].get("unfinished"))


def retry_updates(kind: str | None, message: str) -> list[Update]:
    """Return the updates for a failed request that is retried and already shown: only the fact.
    Empty if it isn't a limit.
    """
    failure = failures.failure_from_message(message)
    failure["kind"] = kind or failure["kind"]
    return [updates.possible_failure(failure)] if failure["kind"] in _KINDS else []
