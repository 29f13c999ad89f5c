"""What a stage's end says about the health of the agent that ran it."""

from pathlib import Path

from muster.worker.agents import agents
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.kept_order import KeptOrder
from muster.worker.agents.stage_command import failure_code
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.wire import StageEnd

_TAIL = 8 << 10  # bytes of output by which a failure is judged


def judge(health: AgentHealth, kept: KeptOrder, end: StageEnd, directory: Path) -> None:
    """Notes in `health` how the order's agent fared.

    Timeouts, stops and a lease's end tell nothing; nor does a shell stage, nor one of which an
    earlier release did not keep whose it is.
    """
    if not kept.is_agent or not kept.project:
        return
    match end.how:
        case "exit" if end.code == 0:
            health.succeeded(kept.agent, kept.project)
        case "exit" | "signal":
            code = end.code if end.how == "exit" else 128 + end.code
            reason = agents.classify(code, _tail(end, directory)) or "unknown"
            health.failed(kept.agent, kept.project, reason)
        case "failed" if failure_code(end) == "binary_missing":
            health.failed(kept.agent, kept.project, "binary_missing")


def _tail(end: StageEnd, directory: Path) -> bytes:
    try:
        reader = SpoolReader(directory)
    except OSError:
        return b""
    try:
        pieces = reader.read(max(0, end.log_end - _TAIL), _TAIL)
        return b"".join(piece.data for piece in pieces if piece.stage == end.stage_index)
    finally:
        reader.close()
