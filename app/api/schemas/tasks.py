"""Tasks, and their gates, events, logs and terminals, as JSON."""

from typing import Any, NamedTuple

from marshmallow import fields, validate

from app.api.pagination import OffsetQuery, cursor_page_schema, offset_page_schema
from app.api.schemas.agents import AgentOptionsSchema, AgentType, WarningSchema
from app.api.schemas.base import INT8, Id, Integer, Schema, Timestamp
from app.api.schemas.blockers import BlockSchema
from app.api.schemas.budget import BudgetSchema
from app.api.schemas.images import image_ids_field
from app.api.schemas.labels import SelectorField
from app.api.schemas.projects import StageNameSchema, StageSchema
from app.api.schemas.stored import StoredSchema
from app.api.schemas.texts import CommaList
from app.api.schemas.usage import UsageSchema
from app.domain.agents import AgentWarning
from app.domain.change import has_changed
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.domain.terminal import TerminalKind, TerminalMode
from app.models import Task

MAX_PRIORITY = 1000


class NewTask(Schema):
    project_key = fields.String(required=True, validate=validate.Length(1, 64))
    description = fields.String(required=True, validate=validate.Length(1, 20_000))
    machine_id = fields.UUID(load_default=None, allow_none=True)
    machine_selector = SelectorField(load_default=None, allow_none=True)
    agent_type = AgentType(load_default=None, allow_none=True)
    agent_options = fields.Nested(
        AgentOptionsSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "each field overrides the stage's or the project's"},
    )
    priority = Integer(minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY, load_default=0)
    budget = fields.Nested(BudgetSchema, load_default=None, allow_none=True)
    image_ids = image_ids_field()


class Retry(Schema):
    from_stage = Integer(load_default=None, allow_none=True)


class CreatorSchema(Schema):
    id = Id(required=True)
    name = fields.String(required=True)


class DiffSchema(StoredSchema):
    files_changed = Integer(required=True, dump_default=0)
    insertions = Integer(required=True, dump_default=0)
    deletions = Integer(required=True, dump_default=0)


class ResultSchema(DiffSchema):
    commit = fields.String(required=True)
    pushed = fields.Boolean(required=True)
    branch = fields.String(
        required=True,
        allow_none=True,
        dump_default=None,
        metadata={"description": "the task's branch, if it was moved to the commit"},
    )
    changed = fields.Boolean(
        required=True, metadata={"description": "whether its stages changed anything"}
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        if attr == "changed":
            return has_changed(obj)
        return super().get_attribute(obj, attr, default)


class FailureSchema(StoredSchema):
    code = fields.String(required=True)
    message = fields.String(required=True)
    stage_index = Integer(required=True, allow_none=True, dump_default=None)


class QueueSchema(Schema):
    position = Integer(required=True, metadata={"description": "counts from 1"})
    blocked_by = fields.List(fields.Nested(BlockSchema), required=True)


class ListedTaskSchema(Schema):
    """A task as shown in lists: its pipeline has only the stage names."""

    id = Id(required=True)
    project_key = fields.String(required=True, attribute="project.key")
    description = fields.String(required=True)
    status = fields.Enum(TaskStatus, by_value=True, required=True)
    suspend_reason = fields.Enum(SuspendReason, by_value=True, required=True, allow_none=True)
    created_by = fields.Nested(CreatorSchema, required=True, attribute="creator")
    requested_machine_id = fields.UUID(required=True, allow_none=True)
    machine_selector = SelectorField(required=True, allow_none=True)
    machine_id = fields.UUID(required=True, allow_none=True)
    machine_name = fields.String(
        required=True, allow_none=True, attribute="machine.name", dump_default=None
    )
    agent_type = fields.String(required=True)
    agent_options = fields.Nested(
        AgentOptionsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "the task's own"},
    )
    priority = Integer(minimum=-MAX_PRIORITY, maximum=MAX_PRIORITY, required=True)
    stages = fields.List(fields.Nested(StageNameSchema), required=True)
    current_stage_index = Integer(required=True)
    round = Integer(
        required=True, metadata={"description": "counts retries and follow-ups, from 1"}
    )
    follow_ups_queued = Integer(
        required=True, metadata={"description": "number of queued follow-ups"}
    )
    attempt = Integer(required=True, metadata={"description": "the latest; 0 before the first"})
    branch = fields.String(
        required=True, allow_none=True, metadata={"description": "of the latest attempt"}
    )
    task_branch = fields.String(
        required=True, attribute="branch_name", metadata={"description": "the task's own"}
    )
    result = fields.Nested(ResultSchema, required=True, allow_none=True)
    failure = fields.Nested(FailureSchema, required=True, allow_none=True)
    usage = fields.Nested(UsageSchema, required=True, allow_none=True)
    budget = fields.Nested(BudgetSchema, required=True, allow_none=True)
    queue = fields.Nested(QueueSchema, required=True, allow_none=True, dump_default=None)
    created_at = Timestamp(required=True)
    assigned_at = Timestamp(required=True, allow_none=True)
    started_at = Timestamp(required=True, allow_none=True)
    finished_at = Timestamp(required=True, allow_none=True)
    updated_at = Timestamp(required=True)


class TaskSchema(ListedTaskSchema):
    """A task with its complete pipeline."""

    class Meta(ListedTaskSchema.Meta):
        exclude = ("stages",)

    pipeline = fields.List(fields.Nested(StageSchema), required=True)


class CreatedTask(NamedTuple):
    """A new task, and warnings for its creator."""

    task: Task
    warnings: list[AgentWarning]


class CreatedTaskSchema(TaskSchema):
    """A task that was just created, with warnings."""

    warnings = fields.List(fields.Nested(WarningSchema), required=True)

    def get_attribute(self, obj: CreatedTask, attr: str, default: Any) -> Any:
        return super().get_attribute(obj if attr == "warnings" else obj.task, attr, default)


class TerminalOptions(Schema):
    mode = fields.Enum(
        TerminalMode,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "default: control if allowed, otherwise watch"},
    )
    terminal = fields.Enum(
        TerminalKind,
        by_value=True,
        load_default=TerminalKind.STAGE,
        metadata={"description": "`shell`: a shell beside the stage, for people who can control"},
    )


class TerminalChannelSchema(Schema):
    channel_token = fields.String(required=True)
    mode = fields.Enum(TerminalMode, by_value=True, required=True)
    expires_at = Timestamp(required=True)


class TerminalInputSchema(Schema):
    id = Id(required=True)
    attempt = Integer(required=True)
    terminal = fields.Enum(TerminalKind, by_value=True, required=True)
    developer = fields.Nested(CreatorSchema, required=True)
    bytes = Integer(maximum=INT8, required=True)
    started_at = Timestamp(required=True)
    ended_at = Timestamp(required=True)


TerminalInputPage = cursor_page_schema(TerminalInputSchema)


class EventFilter(OffsetQuery):
    type = CommaList(EventType)
    search = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={
            "description": "text in message or data, ignoring case. Searches the last "
            "10,000 events (of the types, below `before`), or fewer if they "
            "are very long"
        },
    )
    before = Integer(
        minimum=1,
        load_default=None,
        strict=False,
        metadata={"description": "only events with a lower ID, such as `searchedFrom`"},
    )


class EventSchema(Schema):
    id = Integer(required=True, attribute="number")
    type = fields.Enum(EventType, by_value=True, required=True)
    attempt = Integer(required=True)
    stage_index = Integer(required=True, allow_none=True)
    message = fields.String(required=True)
    data = fields.Dict(
        required=True,
        metadata={
            "properties": {"answeredBy": {"$ref": "#/components/schemas/Creator"}},
            "additionalProperties": True,
        },
    )
    created_at = Timestamp(required=True)


class EventPage(offset_page_schema(EventSchema)):  # type: ignore[misc]  # a class made at run time
    searched_from = Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "the search stopped at this event ID: continue with it as "
            "`before`; null: the search is complete"
        },
    )


class AttemptQuery(Schema):
    attempt = Integer(
        minimum=1, load_default=None, strict=False, metadata={"description": "default: the latest"}
    )


class LogFilter(AttemptQuery):
    limit = Integer(minimum=1, maximum=1000, load_default=50, strict=False)
    offset = Integer(
        minimum=-INT8,
        maximum=INT8,
        load_default=0,
        strict=False,
        metadata={"description": "in lines; negative values count from the end"},
    )
    byte = Integer(
        maximum=INT8,
        load_default=None,
        strict=False,
        metadata={
            "description": "instead of `offset`: the line that contains this byte of the log"
        },
    )


class LogLineSchema(Schema):
    number = Integer(maximum=INT8, required=True)
    text = fields.String(required=True)
    attempt = Integer(required=True)
    stage_index = Integer(required=True)
    truncated = fields.Boolean(required=True)


class LogLinePage(offset_page_schema(LogLineSchema)):  # type: ignore[misc]  # a class made at run time
    next_offset = Integer(
        maximum=INT8,
        required=True,
        allow_none=True,
        metadata={"description": "the first line after this page; null: there is none"},
    )
