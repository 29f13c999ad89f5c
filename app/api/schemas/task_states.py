"""How many live tasks people see in each state, as JSON."""

from app.api.schemas.base import INT8, Integer, Schema
from app.domain.shown_state import ShownState


class TaskStatesSchema(Schema):
    """Live tasks by what people see: a task with an open question needs you, also in the queue."""

    queued = Integer(maximum=INT8, required=True, attribute=ShownState.QUEUED)
    assigned = Integer(maximum=INT8, required=True, attribute=ShownState.ASSIGNED)
    running = Integer(maximum=INT8, required=True, attribute=ShownState.RUNNING)
    needs_you = Integer(maximum=INT8, required=True, attribute=ShownState.NEEDS_YOU)
    waiting = Integer(
        maximum=INT8,
        required=True,
        attribute=ShownState.WAITING,
        metadata={"description": "they continue without a person"},
    )
