"""What is reported of a stage's end."""

from typing import cast

from muster.protocol.frames import StageEndedBy, StageFinished
from muster.worker.agents import failing
from muster.worker.agents.kept_order import KeptOrder
from muster.worker.shim.wire import StageEnd

_MOST = (1 << 31) - 1  # of what a report can count


def report(kept: KeptOrder, end: StageEnd) -> StageFinished:
    how = cast(StageEndedBy, end.how)
    why, denied = failing.reported(end.facts), _count(end.facts.get("denied"))
    return StageFinished(kept.stage_index, end.log_end, how, end.code, kept.run, why, denied)


def _count(value: object) -> int | None:
    """What an agent says is a number of things; None for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, _MOST)
