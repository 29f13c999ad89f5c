"""Budgets: what a task may use, or in a month all tasks of a project or a developer, before a
person is asked.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from app.domain import field_errors
from app.domain.errors import InvalidFields

WARN_AT = 0.8  # of any of the figures
CHOICES = ("continue", "stop")

Amounts = Mapping[str, float]
"""Some of {minutes, tokens, cost}."""


class BudgetOwner(StrEnum):
    """Whose a budget is. A task's is for all of its rounds, the others are for a calendar month."""

    TASK = "task"
    PROJECT = "project"
    DEVELOPER = "developer"  # who has created the task


@dataclass(frozen=True)
class UsedAmounts:
    """What has been used; None: unknown, which is never too much."""

    minutes: float | None = None
    tokens: int | None = None
    cost: float | None = None

    def get_known(self, figure: str) -> float:
        return getattr(self, figure) or 0


@dataclass(frozen=True)
class BudgetStatus:
    """A budget that a task goes by, and what is used of it.

    `name` is what its owner is called, `month` the month's first day (UTC), None for a task's own.
    `granted` is what people let the task itself have used, whatever others use; `by_task` is what
    it has. `is_told`: people know that most of it is used.
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
        """Under which a task keeps what it was granted: in another month it counts no more."""
        return f"{self.owner} {self.month:%Y-%m}" if self.month else self.owner.value

    @property
    def limits(self) -> Amounts:
        return self.budget if self.month else {**self.budget, **self.granted}

    @property
    def exceeded_figures(self) -> list[str]:
        """The figures that are used up, for this task."""
        return [
            figure
            for figure, limit in self.limits.items()
            if self.used.get_known(figure) >= limit
            and self.by_task.get_known(figure) >= self.granted.get(figure, 0)
        ]

    @property
    def is_low(self) -> bool:
        """Whether most of a figure is used."""
        return any(
            self.used.get_known(name) >= WARN_AT * most for name, most in self.limits.items()
        )

    def increased_limits(self, amounts: Amounts) -> dict[str, float]:
        """What is granted once the task may use so much more than it has used by now."""
        whole = self.granted if self.month else self.limits
        more = {
            figure: max(_round_up(figure, self.by_task), whole.get(figure, 0)) + amount
            for figure, amount in amounts.items()
            if figure in self.budget
        }
        return {**self.granted, **more}

    def describe(self) -> str:
        """Whose it is, and what was used of each figure, for people."""
        used = ", ".join(
            _format_figure(name, limit, self.used) for name, limit in self.limits.items()
        )
        return f"the budget of {self._describe_owner()}: {used}"

    def to_json(self) -> dict[str, Any]:
        """The same as JSON: {of, name, month ("2030-01" or null), budget, used}."""
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
    """All of its digits, to two behind the point: 1,514,540 and 0.5."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def used_to_json(used: UsedAmounts) -> dict[str, Any]:
    minutes = None if used.minutes is None else round(used.minutes, 2)
    return {"minutes": minutes, "tokens": used.tokens, "cost": used.cost}


def question_text(spent: Iterable[BudgetStatus]) -> str:
    """What people are asked of a task whose budgets these are."""
    found = "; ".join(standing.describe() for standing in spent)
    return f"Used up: {found}. Let the task go on with as much once more?"


def compute_grants(
    asked: Iterable[BudgetStatus], before: Mapping[str, Any] | None, more: Amounts | None
) -> dict[str, Any]:
    """What a task is granted in all, by `BudgetStanding.key`, when the question about these budgets
    is answered with `continue`: so much more, or None: as much as each budget has.

    Raises InvalidFields for a figure that none of them has, and where the task could not go on.
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
    """The budget's figures {minutes?, tokens?, cost?} that are given; None where none is."""
    given = {name: value for name, value in (budget or {}).items() if value is not None}
    return given or None


def month_start(now: datetime) -> date:
    """The first day of the month, by UTC."""
    return now.astimezone(UTC).date().replace(day=1)
