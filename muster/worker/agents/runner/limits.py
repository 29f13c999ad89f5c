"""How long an agent may wait by itself for a limit to end: its task can wait without it, and
somebody else's then has the slot."""

from __future__ import annotations

from muster.worker.agents.runner import failures, updates

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Told

SHORT = 10.0
"""Seconds that an agent may wait if it says how long that is."""
PATIENCE = 45.0
"""Seconds from a limit's first word within which an agent has to get on, if nobody knows more."""
GRACE = 5.0
"""Seconds for an agent that will not wait, to say its last words and end."""

_KINDS = ("rate_limit", "overloaded", "quota")
_GETS_ON = ("message", "thought", "tool", "edit", "command")


class Limits:
    """Hears all that is told. Moments are of `monotonic`, and `wall` the same in unix seconds."""

    def __init__(self) -> None:
        self.due: float | None = None
        """When the agent is to be ended."""
        self.is_over = False
        """Whether it is: what it says of its end is no reason any more."""
        self._failure: dict[str, Any] | None = None
        self._since: float | None = None

    def heard(self, told: Told, now: float, wall: float) -> list[Told]:
        """What is to be told in its stead."""
        facts = told.facts or {}
        if self.is_over:
            kept = {name: value for name, value in facts.items() if name != "failure"}
            told.facts = kept or None
        elif "failure" in facts:
            self._failure = facts["failure"]
            self._judge(now, wall)
        elif self._since is not None and _gets_on(told.entry):
            self._failure = self._since = self.due = None
            return [updates.recovered(), told]
        return [told]

    def end(self) -> Told:
        """From now on its end is ours, for the reason that was told of."""
        assert self._failure is not None
        self.is_over, self.due = True, None
        return updates.error(f"It waits by itself, and is ended: {self._failure['message']}")

    def _judge(self, now: float, wall: float) -> None:
        if self._failure is None or self._failure["kind"] not in _KINDS:
            self._since = self.due = None
            return
        self._since = now if self._since is None else self._since
        resets_at = self._failure["resetsAt"]
        is_long = resets_at is not None and resets_at - wall > SHORT
        due = now + GRACE if is_long else self._since + PATIENCE
        self.due = due if self.due is None else min(due, self.due)


def _gets_on(entry: dict[str, Any] | None) -> bool:
    """Whether its model has answered. A call that was under way is told of at the end, too."""
    return bool(entry and entry["kind"] in _GETS_ON and not entry["data"].get("unfinished"))


def aside(kind: str | None, message: str) -> list[Told]:
    """Of a request that failed and is tried again, as it is said where people read it: the fact
    alone, for the words are shown. Nothing of what is no limit."""
    failure = failures.of_message(message)
    failure["kind"] = kind or failure["kind"]
    return [updates.failing(failure)] if failure["kind"] in _KINDS else []
