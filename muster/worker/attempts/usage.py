"""Report the usage of a stage's agent, during the run and at its exit."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from muster.protocol.frames import Usage
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.context import Reporter

_POLL_SECONDS = 5.0  # seconds between checks of a running stage's usage


class UsageReporter:
    """For the attempt's thread alone. A restarted daemon may repeat reports: each one replaces the
    one before."""

    def __init__(self, reporter: Reporter, facts: Callable[[], Mapping[str, Any]]) -> None:
        """`facts` returns the known facts of the running stage."""
        self._reporter = reporter
        self._facts = facts
        self._last_reported: Usage | None = None
        self._next_poll_at = 0.0

    def poll(self, kept: AttemptState) -> float | None:
        """Report that stage's usage so far from time to time; return the seconds until the next
        call, None: never. New facts are no change that wakes the attempt: an agent that works
        quietly would use its budget up unnoticed."""
        if not kept.is_agent:
            return None
        now = monotonic()
        if now >= self._next_poll_at:
            self._next_poll_at = now + _POLL_SECONDS
            self.report_usage(kept, self._facts())
        return self._next_poll_at - now

    def report_usage(self, kept: AttemptState, facts: Mapping[str, Any]) -> None:
        """Report the stage's usage in these facts, if it is known and new."""
        if not kept.is_agent:
            return
        items = kept.usage_from_facts(facts)
        usage = Usage(kept.stage_index, kept.agent, items, kept.run)
        if items and usage != self._last_reported:
            self._last_reported = usage
            self._reporter.report(usage)
