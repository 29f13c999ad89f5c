"""Questions to people and their answers, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Boolean, Id, Integer, Schema, Timestamp
from app.api.schemas.budget import BudgetSchema, SpentBudgetSchema
from app.api.schemas.stored import StoredSchema
from app.api.schemas.tasks import CreatorSchema, DiffSchema
from app.domain.answerers import Who
from app.domain.pipeline import GateKind


class GateAnswer(Schema):
    stage_index = Integer(required=True)
    number = Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "default: the stage's open question, whichever it is"},
    )
    round = Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "round of the question; default: the task's current one"},
    )
    result = fields.String(required=True)
    comment = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=10_000)
    )
    budget = fields.Nested(
        BudgetSchema,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "with `continue`: how much more the task can use from now on; "
            "default: the budget's amount"
        },
    )
    always = Boolean(
        load_default=False,
        metadata={
            "description": "with `allow_for_task`, for maintainers: the project's `allowedTools` "
            "get the agent's suggestion"
        },
    )


class PermissionRequestSchema(StoredSchema):
    """What an agent wants to do. The texts are its own."""

    tool = fields.String(required=True)
    title = fields.String(required=True)
    arguments = fields.String(
        required=True, metadata={"description": "a command line, or the call's JSON"}
    )
    folder = fields.String(required=True, metadata={"description": "empty: unknown"})
    diff = fields.String(required=True, allow_none=True)
    suggestion = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the rule that the agent suggests, for `allowedTools`"},
    )


class BranchConflictSchema(StoredSchema):
    """The task's branch, which couldn't be moved to `commit`."""

    name = fields.String(required=True)
    commit = fields.String(required=True)
    expected = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the commit that Muster last set there"},
    )
    found = fields.String(
        required=True, allow_none=True, metadata={"description": "null: the branch was deleted"}
    )
    why = fields.String(required=True, metadata={"description": "the remote's message, if any"})
    by = fields.String(required=True, metadata={"description": "author of the found commit"})
    subject = fields.String(required=True)


class GateDiffSchema(DiffSchema):
    href = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "changes so far, by file; null: not reported yet"},
    )


class LastAnswerSchema(Schema):
    """The latest answer to a question of the task's round."""

    stage_index = Integer(required=True)
    number = Integer(required=True, metadata={"description": "of the question, as in PendingGate"})
    kind = fields.Enum(GateKind, by_value=True, required=True)
    result = fields.String(required=True)
    comment = fields.String(required=True, allow_none=True)
    answered_by = fields.Nested(CreatorSchema, required=True)
    answered_at = Timestamp(required=True)


class GateAnswerersSchema(Schema):
    """Who can answer a gate now."""

    who = fields.Enum(Who, by_value=True, required=True)
    people = fields.List(fields.Nested(CreatorSchema), required=True, attribute="allowed")
    nobody_left = fields.Boolean(
        required=True,
        attribute="is_nobody_left",
        metadata={"description": "nobody fits any more, so admins can answer"},
    )


class PendingGateSchema(Schema):
    task_id = Id(required=True)
    round = Integer(required=True, metadata={"description": "the task's round; a retry asks again"})
    stage_index = Integer(required=True)
    number = Integer(
        required=True,
        metadata={"description": "0: before the stage; questions during the stage count from 1"},
    )
    stage_name = fields.String(required=True)
    kind = fields.Enum(GateKind, by_value=True, required=True)
    prompt = fields.String(required=True)
    choices = fields.List(fields.String(), required=True)
    requested_at = Timestamp(required=True)
    expires_at = Timestamp(required=True, allow_none=True)
    diff = fields.Nested(GateDiffSchema, required=True, allow_none=True)
    budgets = fields.List(
        fields.Nested(SpentBudgetSchema),
        required=True,
        allow_none=True,
        metadata={"description": "the used-up budgets, if the question is about them"},
    )
    branch = fields.Nested(BranchConflictSchema, required=True, allow_none=True)
    permission = fields.Nested(
        PermissionRequestSchema,
        required=True,
        allow_none=True,
        metadata={"description": "what an agent wants to do, for kind `permission`"},
    )
    answerers = fields.Nested(
        GateAnswerersSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: everyone with the permission"},
    )
