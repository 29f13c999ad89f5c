"""How long an agent may wait by itself for a limit to end: its task can wait without it, and
somebody else's then has the slot."""

from __future__ import annotations

from muster.worker.agents.runner import failures, updates

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Update

MAX_WAIT_SECONDS = 10.0
"""Seconds that an agent may wait if it says how long that is."""
RECOVERY_TIMEOUT_SECONDS = 45.0
"""Seconds from a limit's first word within which an agent has to get on, if nobody knows more."""
GRACE_SECONDS = 5.0
"""Seconds for an agent that will not wait, to say its last words and end."""

_KINDS = ("rate_limit", "overloaded", "quota")
_PROGRESS_KINDS = ("message", "thought", "tool", "edit", "command")


class LimitWatchdog:
    """Hears all that is told. Moments are of `monotonic`, and `wall` the same in unix seconds."""

    def __init__(self) -> None:
        self.end_at: float | None = None
        """When the agent is to be ended."""
        self.is_expired = False
        """Whether it is: what it says of its end is no reason any more."""
        self._failure: dict[str, Any] | None = None
        self._limited_at: float | None = None

    def observe(self, update: Update, now: float, wall: float) -> list[Update]:
        """What is to be told in its stead."""
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
        """From now on its end is ours, for the reason that was told of."""
        assert self._failure is not None
        self.is_expired, self.end_at = True, None
        return updates.error(f"It waits by itself, and is ended: {self._failure['message']}")

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
    """Whether its model has answered. A call that was under way is told of at the end, too."""
    return bool(entry and entry["kind"] in _PROGRESS_KINDS and not entry["data"].get("unfinished"))


def retry_updates(kind: str | None, message: str) -> list[Update]:
    """Of a request that failed and is tried again, as it is said where people read it: the fact
    alone, for the words are shown. Nothing of what is no limit."""
    failure = failures.failure_from_message(message)
    failure["kind"] = kind or failure["kind"]
    return [updates.possible_failure(failure)] if failure["kind"] in _KINDS else []
