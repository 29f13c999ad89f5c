"""Budgets, as JSON."""

from marshmallow import fields, validate

from app.api.schemas.base import INT8, Whole
from app.api.schemas.stored import StoredSchema

_MAX_COST = 1_000_000_000


class BudgetSchema(StoredSchema):
    """What a task may use before a person is asked; null, and what is left out: whatever it
    takes.
    """

    minutes = Whole(minimum=1, allow_none=True, metadata={"description": "in which stages run"})
    tokens = Whole(
        minimum=1,
        maximum=INT8,
        allow_none=True,
        metadata={"description": "input and output of its agents"},
    )
    cost = fields.Float(
        allow_none=True,
        validate=validate.Range(min=0, min_inclusive=False, max=_MAX_COST),
        metadata={"description": "as agents say it, or by the admins' prices"},
    )
