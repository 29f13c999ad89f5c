"""What a stage's end says about the health of the agent that ran it."""

from collections.abc import Mapping
from pathlib import Path

from muster.worker.agents import failure_reason
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.degradation import Reason
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.stage_command import failure_code
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.wire import StageExit

_TAIL_BYTES = 8 << 10  # bytes of output by which a failure is judged


def record_outcome(
    health: AgentHealth, kept: AttemptState, end: StageExit, directory: Path
) -> None:
    """Notes in `health` how the order's agent fared.

    Timeouts, stops and a lease's end tell nothing, and neither does an agent that was asked for
    nothing (`/clear`); nor does a shell stage, nor one of which an earlier release did not keep
    whose it is.
    """
    if not kept.is_agent or not kept.project:
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
    """By what the agent told, by its `own` words, or by anybody's: some agents end with 0 although
    they could do nothing."""
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
    """The last kilobytes that the stage has printed; empty where they cannot be read."""
    try:
        reader = SpoolReader(directory)
    except OSError:
        return b""
    try:
        pieces = reader.read(max(0, end.log_end - _TAIL_BYTES), _TAIL_BYTES)
        return b"".join(piece.data for piece in pieces if piece.stage == end.stage_index)
    finally:
        reader.close()
