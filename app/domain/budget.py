"""Budgets: what a task, or all tasks of a project or developer in a month, can use before
asking.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from app.domain import field_errors
from app.domain.errors import InvalidFields

WARN_AT = 0.8  # of each figure
CHOICES = ("continue", "stop")

Amounts = Mapping[str, float]
"""Any of {minutes, tokens, cost}."""


class BudgetOwner(StrEnum):
    """Who owns a budget. A task's covers all its rounds; the others cover a calendar month."""

    TASK = "task"
    PROJECT = "project"
    DEVELOPER = "developer"  # the task's creator


class BudgetState(StrEnum):
    AVAILABLE = "available"
    LOW = "low"  # at least WARN_AT of a figure is used
    USED_UP = "used_up"  # the task has to ask


@dataclass(frozen=True)
class UsedAmounts:
    """The amounts used. None is unknown and never exceeds a limit."""

    minutes: float | None = None
    tokens: int | None = None
    cost: float | None = None

    def get_known(self, figure: str) -> float:
        return getattr(self, figure) or 0


@dataclass(frozen=True)
class BudgetStatus:
    """A budget that applies to a task, and how much of it is used.

    `name` is the owner's name; `month` is the first day of the month (UTC), None for a task's own.
    `granted` is what people allowed the task itself, whatever others use; `by_task` is what the
    task has used. `is_notified`: people have been notified that the budget is almost used up.
    """

    owner: BudgetOwner
    name: str
    month: date | None
    budget: Amounts
    granted: Amounts
    used: UsedAmounts
    by_task: UsedAmounts
    is_notified: bool = False

    @property
    def key(self) -> str:
        """The key under which a task stores its grant. A grant doesn't apply in another month."""
        return f"{self.owner} {self.month:%Y-%m}" if self.month else self.owner.value

    @property
    def limits(self) -> Amounts:
        return self.budget if self.month else {**self.budget, **self.granted}

    @property
    def exceeded_figures(self) -> list[str]:
        """The figures that are used up for this task."""
        return [
            figure
            for figure, limit in self.limits.items()
            if self.used.get_known(figure) >= limit
            and self.by_task.get_known(figure) >= self.granted.get(figure, 0)
        ]

    @property
    def is_low(self) -> bool:
        """Whether a figure is almost used up."""
        return any(
            self.used.get_known(name) >= WARN_AT * most for name, most in self.limits.items()
        )

    @property
    def state(self) -> BudgetState:
        if self.exceeded_figures:
            return BudgetState.USED_UP
        return BudgetState.LOW if self.is_low else BudgetState.AVAILABLE

    def increased_limits(self, amounts: Amounts) -> dict[str, float]:
        """Return the new grant: what the task has used so far, plus these amounts."""
        whole = self.granted if self.month else self.limits
        more = {
            figure: max(_round_up(figure, self.by_task), whole.get(figure, 0)) + amount
            for figure, amount in amounts.items()
            if figure in self.budget
        }
        return {**self.granted, **more}

    def describe(self) -> str:
        """Describe the owner and the use of each figure, for people."""
        used = ", ".join(
            _format_figure(name, limit, self.used) for name, limit in self.limits.items()
        )
        return f"the budget of {self._describe_owner()}: {used}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON: {of, name, month ("2030-01" or null), budget, used}."""
        return {
            "of": self.owner,
            "name": self.name,
            "month": f"{self.month:%Y-%m}" if self.month else None,
            "budget": dict(self.limits),
            "used": used_to_json(self.used),
        }

    def _describe_owner(self) -> str:
        if self.month is None:
            return "the task"
        whose = f"the project {self.name}" if self.owner is BudgetOwner.PROJECT else self.name
        return f"{whose} for {self.month:%Y-%m}"


def _round_up(figure: str, used: UsedAmounts) -> float:
    return math.ceil(used.get_known(figure)) if figure == "minutes" else used.get_known(figure)


def _format_figure(name: str, limit: float, used: UsedAmounts) -> str:
    so_far = getattr(used, name)
    shown = "unknown" if so_far is None else _format_number(so_far)
    of = f"{shown} of {_format_number(limit)}"
    return f"a cost of {of}" if name == "cost" else f"{of} {name}"


def _format_number(number: float) -> str:
    """Format with at most two decimals: 1,514,540 and 0.5."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def used_to_json(used: UsedAmounts) -> dict[str, Any]:
    minutes = None if used.minutes is None else round(used.minutes, 2)
    return {"minutes": minutes, "tokens": used.tokens, "cost": used.cost}


def question_text(spent: Iterable[BudgetStatus]) -> str:
    """Return the question about these budgets."""
    found = "; ".join(standing.describe() for standing in spent)
    return f"Used up: {found}. Raise it by the same amount?"


def compute_grants(
    asked: Iterable[BudgetStatus], before: Mapping[str, Any] | None, more: Amounts | None
) -> dict[str, Any]:
    """Return the task's total grants by `BudgetStatus.key`, after the answer `continue`.

    `more` is how much more each figure may use; None grants the budget's own amount again. Raises
    InvalidFields for a figure that none of the budgets has, and if the task still couldn't
    continue.
    """
    standings = list(asked)
    named = {figure for standing in standings for figure in standing.budget}
    errors = {f"budget.{f}": [field_errors.NO_SUCH_FIGURE] for f in set(more or ()) - named}
    found = {**(before or {})}
    for standing in standings:
        amounts = more or standing.budget
        found[standing.key] = standing.increased_limits(amounts)
        left = [figure for figure in standing.exceeded_figures if figure not in amounts]
        errors |= {f"budget.{f}": [field_errors.FIGURE_USED_UP] for f in left}
    if standings and errors:
        raise InvalidFields(errors)
    return found


def exclude_none(budget: Mapping[str, Any] | None) -> dict[str, float] | None:
    """Return the figures {minutes?, tokens?, cost?} that are set; None if none is."""
    given = {name: value for name, value in (budget or {}).items() if value is not None}
    return given or None


def month_start(now: datetime) -> date:
    """Return the first day of the month (UTC)."""
    return now.astimezone(UTC).date().replace(day=1)
