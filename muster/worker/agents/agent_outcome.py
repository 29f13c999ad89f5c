"""Derive an agent's health from the exit of a stage that it ran."""

from collections.abc import Mapping
from pathlib import Path

from muster.worker.agents import failure_reason
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.degradation import Reason
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.stage_command import failure_code
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.wire import StageExit

_TAIL_BYTES = 8 << 10  # bytes of output used to classify a failure


def record_outcome(
    health: AgentHealth, kept: AttemptState, end: StageExit, directory: Path
) -> None:
    """Record in `health` how the order's agent worked.

    Timeouts, stops, the end of a lease, and an agent that had nothing to do (`/clear`) are ignored;
    so are shell stages.
    """
    if not kept.is_agent:
        return
    if end.how in ("exit", "signal"):
        adapter = health.adapters.get(kept.agent)
        own = adapter.failures if adapter else {}
        if (reason := _failure_reason(own, end, directory)) is not None:
            health.record_failure(kept.agent, kept.project, reason)
        elif end.facts.get("turns") != 0:
            health.record_success(kept.agent, kept.project)
    elif end.how == "failed" and failure_code(end) == "binary_missing":
        health.record_failure(kept.agent, kept.project, "binary_missing")


def _failure_reason(own: Mapping[Reason, str], end: StageExit, directory: Path) -> Reason | None:
    """Return the reason from the agent's facts, from its `own` patterns, or from the general ones:
    some agents exit with 0 although they failed.
    """
    if (reason := failure_reason.reason_from_facts(end.facts)) is not None:
        return reason
    code = end.code if end.how == "exit" else 128 + end.code
    if code == 0 and not own:
        return None
    output = read_last_output(end, directory)
    return failure_reason.match_patterns(own, output) or failure_reason.classify_output(
        code, output
    )


def read_last_output(end: StageExit, directory: Path) -> bytes:
    """Return the last kilobytes of the stage's output; empty if they can't be read."""
    try:
        reader = SpoolReader(directory)
    except OSError:
        return b""
    try:
        pieces = reader.read(max(0, end.log_end - _TAIL_BYTES), _TAIL_BYTES)
        return b"".join(piece.data for piece in pieces if piece.stage == end.stage_index)
    finally:
        reader.close()
