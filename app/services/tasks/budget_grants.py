"""What people grant to tasks whose budgets are used up."""

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
    """Where the gate is about budgets and the answer lets the task go on: let it use so much more
    of them than it has by now (None: as much as each has). What was asked of a month that is over
    needs no grant in the new one. The caller holds the task's lock.

    Returns what is to be said of it besides: {budget}, or nothing. Raises InvalidFields.
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
