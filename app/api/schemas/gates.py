"""Questions to people and their answers, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import Id, Integer, Schema, Timestamp
from app.api.schemas.budget import BudgetSchema, SpentBudgetSchema
from app.api.schemas.stored import StoredSchema
from app.api.schemas.tasks import DiffSchema
from app.domain.pipeline import GateKind


class GateAnswer(Schema):
    stage_index = Integer(required=True)
    number = Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "default: whichever question of the stage is open"},
    )
    round = Integer(
        load_default=None,
        allow_none=True,
        metadata={"description": "of the question; default: the task's, whichever that is"},
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
            "description": "with `continue`: how much more the task may use than it has; "
            "default: as much as the budget has"
        },
    )


class BranchConflictSchema(StoredSchema):
    """The task's own branch, which could not be moved to `commit`."""

    name = fields.String(required=True)
    commit = fields.String(required=True)
    expected = fields.String(
        required=True, allow_none=True, metadata={"description": "what Muster left there"}
    )
    found = fields.String(
        required=True, allow_none=True, metadata={"description": "null: it is gone"}
    )
    why = fields.String(required=True, metadata={"description": "the remote's words, if any"})
    by = fields.String(required=True, metadata={"description": "the found commit's author"})
    subject = fields.String(required=True)


class GateDiffSchema(DiffSchema):
    href = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "where it is, file by file; null: its machine does not tell"},
    )


class PendingGateSchema(Schema):
    task_id = Id(required=True)
    round = Integer(required=True, metadata={"description": "the task's: a retry asks anew"})
    stage_index = Integer(required=True)
    number = Integer(
        required=True,
        metadata={"description": "0: before the stage; those in its middle count from 1"},
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
        metadata={"description": "those that are used up, where it is asked about them"},
    )
    branch = fields.Nested(BranchConflictSchema, required=True, allow_none=True)
