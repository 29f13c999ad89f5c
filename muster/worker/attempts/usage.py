"""What a stage's agent has used, reported while it runs and at its end."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from muster.protocol.frames import Usage
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.context import Reporter

_POLL_SECONDS = 5.0  # seconds between two looks at what is known of a stage that runs


class UsageReporter:
    """For the attempt's thread alone. A daemon that starts anew may say again what was said: each
    report takes the place of the one before."""

    def __init__(self, reporter: Reporter, facts: Callable[[], Mapping[str, Any]]) -> None:
        """`facts` gives what is known of the stage that runs."""
        self._reporter = reporter
        self._facts = facts
        self._last_reported: Usage | None = None
        self._next_poll_at = 0.0

    def poll(self, kept: AttemptState) -> float | None:
        """Reports what that stage has used so far, now and then; in how many seconds to call again,
        None: when something has happened."""
        if not kept.is_agent:
            return None
        now = monotonic()
        if now < self._next_poll_at:
            return self._next_poll_at - now
        self._next_poll_at = now + _POLL_SECONDS
        self.report_usage(kept, self._facts())
        return None

    def report_usage(self, kept: AttemptState, facts: Mapping[str, Any]) -> None:
        """Reports what the order's stage has used by these facts, if that is known and news."""
        if not kept.is_agent:
            return
        items = kept.usage_from_facts(facts)
        usage = Usage(kept.stage_index, kept.agent, items, kept.run)
        if items and usage != self._last_reported:
            self._last_reported = usage
            self._reporter.report(usage)
