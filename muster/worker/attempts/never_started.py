"""Find stages that never started, by their shim's records."""

from pathlib import Path

from muster.protocol.frames import RunStage
from muster.protocol.runs import position
from muster.worker.agents import stage_command
from muster.worker.shim.record import AttemptRecord


def may_have_started(directory: Path, order: RunStage) -> bool:
    """Whether that run of the stage, or a later one, may have started."""
    try:
        past = AttemptRecord.load(directory)
    except (OSError, ValueError):
        return True
    last = past.latest_run if past is not None else None
    return last is not None and position(*last) >= position(order.stage_index, order.run)


def may_have_run(directory: Path) -> bool:
    """Whether the command of any stage may have run."""
    try:
        past = AttemptRecord.load(directory)
    except (OSError, ValueError):
        return True
    ends = [stage.end for stage in past.stages] if past else []
    return any(end is None or not stage_command.is_machine_failure(end) for end in ends)


def forget_run(directory: Path, stage: int, run: int) -> None:
    """Delete the record that this run of the stage, the last, was to start, so that it can: its
    command never ran. No shim may be alive. Raises OSError, ValueError."""
    past = AttemptRecord.load(directory)
    if past is not None and past.latest_run == (stage, run):
        past.stages.pop()
        past.write(directory)
