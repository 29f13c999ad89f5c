"""Grants of people to tasks with used-up budgets."""

from datetime import datetime
from typing import Any

from app.domain import budget, field_errors
from app.domain.budget import Amounts
from app.domain.errors import InvalidFields
from app.domain.pipeline import GateKind
from app.models import Gate, Task
from app.services.counters import budgets


def grant_budget(
    task: Task, gate: Gate, more: Amounts | None, now: datetime, *, is_go: bool
) -> dict[str, Any]:
    """Raise the budgets if the gate is about them and the answer continues the task.

    It may use that much more than it has so far (None: each budget's own amount again). A past
    month's budget needs no grant in the new one. The caller holds the task's lock. Returns
    additional event data: {budget}, or nothing. Raises InvalidFields.
    """
    if gate.kind is not GateKind.BUDGET or not is_go:
        if more:
            raise InvalidFields({"budget": [field_errors.BUDGET_NOT_ASKED]})
        return {}
    asked = {(each["of"], each["month"]) for each in gate.budgets or []}
    standings = [
        standing
        for standing in budgets.statuses_of_task(task.id, now)
        if (standing.owner, standing.to_json()["month"]) in asked
    ]
    task.allowed = budget.compute_grants(standings, task.allowed, more)
    task.grants += 1
    return {"budget": more}
