"""One task in detail, as JSON."""

from typing import Any, NamedTuple

from marshmallow import fields

from app.api.schemas.base import Schema, Timestamp
from app.api.schemas.blockers import RelocationSchema
from app.api.schemas.budget import SpentBudgetSchema
from app.api.schemas.gates import LastAnswerSchema, PendingGateSchema
from app.api.schemas.images import TaskImageSchema
from app.api.schemas.messages import InterruptSchema, RecipientsSchema
from app.api.schemas.tasks import TaskSchema
from app.domain.interrupt import Interrupt
from app.domain.task_actions import TaskAction
from app.domain.task_message import Recipients
from app.domain.transcript import EntryKind
from app.models import Task
from app.services.dispatch.blockers import Relocation
from app.services.dispatch.wait_reasons import NextAction, Wait, WaitReason
from app.services.tasks.activities import AgentActivity
from app.services.tasks.gates import PendingGate
from app.services.tasks.last_answers import LastAnswer


class TaskDetail(NamedTuple):
    """A task, why machines can't take it, what else it waits for, what its agent does now, where it
    can continue without its machine, its open gate, the latest answer to one, whether its terminal
    is available now and whether its stage reads it, the developer's actions, its budgets
    (`usage.budgets.task_budgets`), who gets a message to its agent, and the interrupt under way.
    """

    task: Task
    queue: dict[str, Any] | None
    waiting_for: Wait | None
    activity: AgentActivity | None
    relocation: Relocation | None
    gate: PendingGate | None
    last_answer: LastAnswer | None
    has_terminal: bool
    reads_terminal: bool
    allowed_actions: list[TaskAction]
    budgets: list[dict[str, Any]]
    messages: Recipients
    interrupt: Interrupt | None


class WaitSchema(Schema):
    reason = fields.Enum(WaitReason, by_value=True, required=True)
    next_action = fields.Enum(
        NextAction,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "what happens if no one acts"},
    )
    at = Timestamp(
        required=True, allow_none=True, metadata={"description": "time of the default action"}
    )


class AgentActivitySchema(Schema):
    """What a running task's agent does now."""

    kind = fields.Enum(
        EntryKind,
        by_value=True,
        required=True,
        allow_none=True,
        metadata={"description": "of the running action; null: none is known"},
    )
    title = fields.String(required=True, allow_none=True)
    started_at = Timestamp(required=True, allow_none=True)
    quiet_since = Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "nothing was reported since, for at least `agentQuietSeconds`"},
    )


class TaskDetailSchema(TaskSchema):
    """A task, with the reasons why it waits, your actions and its budgets."""

    waiting_for = fields.Nested(WaitSchema, required=True, allow_none=True)
    activity = fields.Nested(
        AgentActivitySchema,
        required=True,
        allow_none=True,
        metadata={"description": "what the agent does now, if that is known"},
    )
    relocation = fields.Nested(
        RelocationSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: it doesn't wait for its machine"},
    )
    gate = fields.Nested(
        PendingGateSchema,
        required=True,
        allow_none=True,
        metadata={"description": "the open question"},
    )
    last_answer = fields.Nested(
        LastAnswerSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: no question of its round has been answered"},
    )
    has_terminal = fields.Boolean(
        required=True, metadata={"description": "false: a token for it would be rejected now"}
    )
    reads_terminal = fields.Boolean(
        required=True,
        metadata={
            "description": "false: its stage's agent is headless and reads nothing typed there"
        },
    )
    allowed_actions = fields.List(
        fields.Enum(TaskAction, by_value=True),
        required=True,
        metadata={"description": "by the task's state and your permissions"},
    )
    images = fields.List(
        fields.Nested(TaskImageSchema),
        required=True,
        metadata={"description": "attached to it and its follow-ups"},
    )
    budgets = fields.List(
        fields.Nested(SpentBudgetSchema),
        required=True,
        metadata={"description": "that apply to the task"},
    )

    messages = fields.Nested(
        RecipientsSchema,
        required=True,
        metadata={"description": "who gets a message to its agent now"},
    )
    interrupt = fields.Nested(InterruptSchema, required=True, allow_none=True)

    def get_attribute(self, obj: TaskDetail, attr: str, default: Any) -> Any:
        of_detail = attr in TaskDetail._fields
        return super().get_attribute(obj if of_detail else obj.task, attr, default)
