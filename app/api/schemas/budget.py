"""Budgets, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import INT8, Integer
from app.api.schemas.stored import StoredSchema
from app.domain.budget import BudgetOwner, BudgetState

_MAX_COST = 1_000_000_000


class BudgetSchema(StoredSchema):
    """The amounts that can be used before a person is asked; null or omitted: no limit."""

    minutes = Integer(
        minimum=1, allow_none=True, metadata={"description": "running time of stages"}
    )
    tokens = Integer(
        minimum=1,
        maximum=INT8,
        allow_none=True,
        metadata={"description": "input and output tokens of its agents"},
    )
    cost = fields.Float(
        allow_none=True,
        validate=validate.Range(min=0, min_inclusive=False, max=_MAX_COST),
        metadata={"description": "cost as agents report it, or by the admins' prices"},
    )


class UsedSchema(StoredSchema):
    """Used amounts; null: unknown."""

    minutes = fields.Float(required=True, allow_none=True)
    tokens = Integer(required=True, allow_none=True, maximum=INT8)
    cost = fields.Float(required=True, allow_none=True)


class MonthBudgetSchema(StoredSchema):
    """A budget of a calendar month (UTC), and its use."""

    month = fields.String(required=True)
    budget = fields.Nested(BudgetSchema, required=True, allow_none=True)
    used = fields.Nested(UsedSchema, required=True)


class SpentBudgetSchema(StoredSchema):
    """A budget that applies to a task, and its use. A task's own covers all its rounds and has no
    month.
    """

    of = fields.String(required=True, validate=validate.OneOf([of.value for of in BudgetOwner]))
    name = fields.String(
        required=True, metadata={"description": "task ID, project key, or developer name"}
    )
    month = fields.String(required=True, allow_none=True)
    budget = fields.Nested(
        BudgetSchema,
        required=True,
        metadata={"description": "including what was granted to the task"},
    )
    used = fields.Nested(UsedSchema, required=True)
    state = fields.String(
        required=True,
        dump_default=BudgetState.USED_UP,  # a gate is about used-up budgets only
        validate=validate.OneOf([state.value for state in BudgetState]),
        metadata={"description": "`low`: 80 % of a limit is used"},
    )
