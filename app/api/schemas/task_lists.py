"""Task lists as JSON: filters and items."""

import re
from typing import Any, NamedTuple

from marshmallow import fields, validate

from app.api.pagination import CursorQuery, cursor_page_schema
from app.api.schemas.agents import AgentType
from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.api.schemas.gates import LastAnswerSchema
from app.api.schemas.labels import SelectorField
from app.api.schemas.task_details import AgentActivitySchema, WaitSchema
from app.api.schemas.tasks import ListedTaskSchema
from app.api.schemas.texts import CommaList
from app.domain import field_errors
from app.domain.pipeline import GateKind
from app.domain.scheduling import Reason
from app.domain.task import TaskStatus
from app.models import Task
from app.services.dispatch import list_summaries
from app.services.dispatch.list_summaries import TaskSummary

_MAX_PROJECTS = 50
_IDS = re.compile(r"^([0-9]{1,18}(,[0-9]{1,18}){0,199})?\Z")
_MAX_PROMPT_LENGTH = 300


class TaskFilter(CursorQuery):
    status = CommaList(TaskStatus)
    project = fields.String(
        load_default="",
        validate=validate.Length(max=_MAX_PROJECTS * 65),
        metadata={"description": "comma-separated project keys, case-insensitive"},
    )
    project_key = fields.String(
        load_default=None,
        validate=validate.Length(max=64),
        metadata={"description": "same as `project`, for one"},
    )
    machine_id = fields.UUID(load_default=None)
    created_by = Id(load_default=None, strict=False)
    agent_type = AgentType(load_default=None)
    machine_selector = SelectorField(load_default=None)
    needs_me = fields.Boolean(
        load_default=False,
        metadata={"description": "those with an open question that you can answer"},
    )
    ids = fields.String(
        load_default="",
        validate=validate.Regexp(_IDS, error=field_errors.NO_IDS),
        metadata={"description": "only these, if they match: comma-separated numbers"},
    )
    q = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={
            "description": "in the description, ignoring case. Fewer than three "
            "consecutive letters are searched only in the newest 2,000 "
            "tasks. To save time, a page may have fewer than `limit` items, "
            "or none, and a `nextCursor` that continues below them; the "
            "list ends where that is null"
        },
    )


TaskPage = cursor_page_schema(ListedTaskSchema)


class _TruncatedText(fields.String):
    """A text, cut to fit a list line."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value[:_MAX_PROMPT_LENGTH]


class OpenQuestionSchema(Schema):
    """A question as shown in lists: the start of its prompt."""

    stage_index = Integer(required=True)
    number = Integer(required=True)
    kind = fields.Enum(GateKind, by_value=True, required=True)
    prompt = _TruncatedText(required=True)
    requested_at = Timestamp(required=True)


class BlockedMachinesSchema(Schema):
    """A rule that blocks machines for a task: their number, and some of their names."""

    reason = fields.Enum(Reason, by_value=True, required=True)
    count = Integer(required=True)
    machines = fields.List(fields.String(), required=True)


class TaskListItem(NamedTuple):
    """A task with the details shown in lists."""

    task: Task
    summary: TaskSummary


class TaskListItemSchema(ListedTaskSchema):
    """A listed task, with why it waits, and your actions for it."""

    waiting_for = fields.Nested(
        WaitSchema, required=True, allow_none=True, attribute="summary.wait"
    )
    activity = fields.Nested(
        AgentActivitySchema,
        required=True,
        allow_none=True,
        attribute="summary.activity",
        metadata={"description": "what the agent does now, if that is known"},
    )
    question = fields.Nested(
        OpenQuestionSchema, required=True, allow_none=True, attribute="summary.gate"
    )
    last_answer = fields.Nested(
        LastAnswerSchema, required=True, allow_none=True, attribute="summary.last_answer"
    )
    position = Integer(
        required=True,
        allow_none=True,
        attribute="summary.position",
        metadata={"description": "position in the queue, from 1; counted up to 10,000"},
    )
    blockers = fields.List(
        fields.Nested(BlockedMachinesSchema), required=True, attribute="summary.blocked_by"
    )
    allowed_actions = fields.List(
        fields.String(validate=validate.OneOf([action.value for action in list_summaries.ACTIONS])),
        required=True,
        attribute="summary.allowed_actions",
        metadata={"description": "by the task's state and your permissions"},
    )

    def get_attribute(self, obj: TaskListItem, attr: str, default: Any) -> Any:
        is_summary = attr.startswith("summary.")
        return super().get_attribute(obj if is_summary else obj.task, attr, default)


class FoundTaskSchema(TaskListItemSchema):
    """A task as search returns it: with what its displayed state depends on, and your actions."""

    class Meta(TaskListItemSchema.Meta):
        exclude = ("last_answer", "position", "blockers")


TaskListItemPage = cursor_page_schema(TaskListItemSchema)
