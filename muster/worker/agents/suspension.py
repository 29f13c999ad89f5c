"""Find out why a stage was suspended and whether it can resume."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from muster.protocol.frames import SuspendedBy
from muster.worker.agents import agent_outcome, failure_reason
from muster.worker.agents.adapters.custom import CUSTOM
from muster.worker.agents.adapters.registry import AdapterRegistry
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.shim.wire import StageExit

_MAX_MESSAGE_CHARS = 2_000  # characters of an agent's message
_MAX_TIMESTAMP = 1 << 33  # unix seconds: later values are no plausible time


class Suspension(NamedTuple):
    """`resets_at_ms` is when the agent's account can be used again, in milliseconds since 1970;
    None if unknown.
    """

    reason: SuspendedBy
    message: str = ""
    resets_at_ms: int | None = None


def find_suspension(
    adapters: AdapterRegistry, kept: AttemptState, end: StageExit, directory: Path
) -> Suspension | None:
    """Return why the exited stage is suspended; None if it isn't.

    A limit must come from the agent's facts, or match its adapter's own patterns in its last
    output. General patterns aren't enough, because a stage would wait in vain for something that is
    no limit.
    """
    if end.how == "stopped" and kept.suspended_by is not None:
        return Suspension(kept.suspended_by)
    if kept.on_limit != "suspend" or not kept.is_agent or kept.agent == CUSTOM:
        return None
    if end.how not in ("exit", "signal"):
        return None
    if "failure" in end.facts and end.facts["failure"] is not None:
        return _suspension_from_facts(end.facts)
    adapter = adapters.get(kept.agent)
    own = adapter.failures if adapter else {}
    is_limit = (
        failure_reason.match_patterns(own, agent_outcome.read_last_output(end, directory))
        == failure_reason.RATE_LIMIT
    )
    return Suspension("quota") if is_limit else None


def _suspension_from_facts(facts: Mapping[str, Any]) -> Suspension | None:
    if failure_reason.reason_from_facts(facts) != failure_reason.RATE_LIMIT:
        return None
    message, at = facts["failure"].get("message"), facts["failure"].get("resetsAt")
    is_time = isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < _MAX_TIMESTAMP
    words = message if isinstance(message, str) else ""
    return Suspension("quota", words[:_MAX_MESSAGE_CHARS], int(at * 1000) if is_time else None)
