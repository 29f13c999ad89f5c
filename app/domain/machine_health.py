"""Machines that can't start anything now: the agent state shown until their next report."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.scheduling import AgentHealth
from app.domain.timestamps import to_rfc3339

UNHEALTHY_SECONDS = 60
"""Seconds that a machine gets no work after returning an attempt, unless it reports sooner.

The heartbeat that reports its agents may arrive after the returned attempt.
"""

REASON = "it couldn't start a stage"
"""The only reason that the machine's viewers see.

The details belong to the attempt: they may contain text from a repository that the viewers can't
read.
"""


def mark_unhealthy(
    capabilities: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return the capabilities of a machine that just returned an attempt.

    The machine's own report about an agent stays if it blocks work for at least as long.
    """
    until = now + timedelta(seconds=UNHEALTHY_SECONDS)
    unhealthy = {"healthy": False, "degradedUntil": to_rfc3339(until), "reason": REASON}
    # An older report may still be stored: a machine sends only changes.
    return [
        dict(each) | (unhealthy if AgentHealth.from_capability(each).is_usable(until) else {})
        for each in capabilities
    ]
