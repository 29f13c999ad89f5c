"""The dashboard, as JSON."""

from typing import Any

from marshmallow import fields

from app.api.pagination import cursor_page_schema
from app.api.schemas.base import INT8, Id, Integer, Schema
from app.api.schemas.task_states import TaskStatesSchema
from app.api.schemas.tasks import EventSchema
from app.api.schemas.usage import UsageSchema
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.services.projects.activity import Activity


def _number(**kwargs: Any) -> Integer:
    return Integer(maximum=INT8, required=True, **kwargs)


class TaskNumbers(Schema):
    queued = _number(attribute=f"tasks.{TaskStatus.QUEUED}")
    assigned = _number(attribute=f"tasks.{TaskStatus.ASSIGNED}")
    running = _number(attribute=f"tasks.{TaskStatus.RUNNING}")
    suspended = _number(attribute=f"tasks.{TaskStatus.SUSPENDED}")
    completed_today = _number(
        attribute=f"ended_today.{TaskStatus.COMPLETED}",
        metadata={"description": "since midnight UTC"},
    )
    failed_today = _number(
        attribute=f"ended_today.{TaskStatus.FAILED}",
        metadata={"description": "likewise; also those retried since, each once"},
    )


class MachineNumbers(Schema):
    online = _number(attribute=f"machines.{MachineStatus.ONLINE}")
    offline = _number(attribute=f"machines.{MachineStatus.OFFLINE}")
    draining = _number(attribute="in_drain", metadata={"description": "including drained"})
    total = _number(
        attribute="machines_total", metadata={"description": "all except decommissioned"}
    )


class SlotNumbers(Schema):
    total = _number(attribute="slots_total")
    used = _number(attribute="slots_used")


class QueueAge(Schema):
    oldest_seconds = _number(
        allow_none=True,
        metadata={"description": "of the task queued the longest; null: the queue is empty"},
    )


class UsageNumbers(Schema):
    today = fields.Nested(UsageSchema, required=True, attribute="usage_today")
    month = fields.Nested(UsageSchema, required=True, attribute="usage_of_month")


class StatsSchema(Schema):
    """Counts of tasks, the queue's age and usage cover the projects that you can see."""

    tasks = fields.Nested(TaskNumbers, required=True)
    task_states = fields.Nested(TaskStatesSchema, required=True)
    machines = fields.Nested(MachineNumbers, required=True)
    slots = fields.Nested(SlotNumbers, required=True)
    queue = fields.Nested(QueueAge, required=True)
    usage = fields.Nested(UsageNumbers, required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return obj.task_states if attr == "task_states" else obj  # the others take their own


class ActivitySchema(EventSchema):
    """An event; `id` is its number in its task."""

    task_id = Id(required=True)
    project_key = fields.String(required=True)
    machine_name = fields.String(
        required=True, allow_none=True, metadata={"description": "number of the event's attempt"}
    )

    def get_attribute(self, obj: Activity, attr: str, default: Any) -> Any:
        of_activity = attr in ("project_key", "machine_name")
        return super().get_attribute(obj if of_activity else obj.event, attr, default)


ActivityPage = cursor_page_schema(ActivitySchema)
