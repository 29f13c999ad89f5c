"""Stages that never began, as their attempt's shim has written it down."""

from pathlib import Path

from muster.protocol.frames import RunStage
from muster.worker.agents import stage_command
from muster.worker.shim.record import AttemptRecord


def may_have_begun(directory: Path, order: RunStage) -> bool:
    """Whether that run of the stage, or a later one, may have been begun."""
    try:
        past = AttemptRecord.load(directory)
    except (OSError, ValueError):
        return True
    at = (order.stage_index, order.run)
    return past is not None and past.highest is not None and past.highest >= at


def may_have_run(directory: Path) -> bool:
    """Whether the command of any stage may have run."""
    try:
        past = AttemptRecord.load(directory)
    except (OSError, ValueError):
        return True
    ends = [stage.end for stage in past.stages] if past else []
    return any(end is None or not stage_command.is_of_machine(end) for end in ends)


def forget(directory: Path, stage: int, run: int) -> None:
    """Forgets that this run of the stage, the last, was to begin, so that it can: its command never
    ran. No shim may live. Raises OSError, ValueError."""
    past = AttemptRecord.load(directory)
    if past is not None and past.highest == (stage, run):
        past.stages.pop()
        past.write(directory)
