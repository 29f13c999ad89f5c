"""Machines that can begin nothing now: what is said of their agents until they say more."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.scheduling import AgentHealth
from app.domain.timestamps import to_rfc3339

UNHEALTHY_SECONDS = 60
"""How long a machine that gave an attempt back is given no work, unless it says more: it tells of
its agents with a heartbeat, which may come after the attempt was given back."""

REASON = "it could begin no stage"
"""All that is said of it to those who see the machine. Why not is the attempt's own: that may be
words of a repository which others know nothing of."""


def mark_unhealthy(
    capabilities: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """The capabilities of a machine that has just given an attempt back. What it says of an agent
    itself stays, where that keeps work away for as long.
    """
    until = now + timedelta(seconds=UNHEALTHY_SECONDS)
    unhealthy = {"healthy": False, "degradedUntil": to_rfc3339(until), "reason": REASON}
    # What was said of the time before may stand there still: a machine tells only what is news.
    return [
        dict(each) | (unhealthy if AgentHealth.from_capability(each).is_usable(until) else {})
        for each in capabilities
    ]
