"""What a task, or a month's tasks, may use before a person is asked."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.domain.budget import (
    BudgetOwner,
    BudgetStatus,
    UsedAmounts,
    compute_grants,
    exclude_none,
    month_start,
    question_text,
)
from app.domain.errors import InvalidFields

MONTH = date(2026, 11, 1)
USED = UsedAmounts(minutes=30.2, tokens=4000, cost=None)


def own(budget: dict[str, float], grant: dict[str, float] | None = None, used: UsedAmounts = USED):
    return BudgetStatus(BudgetOwner.TASK, "7", None, budget, grant or {}, used, used)


def of_project(
    budget: dict[str, float], grant: dict[str, float] | None = None, by_task: int = 0
) -> BudgetStatus:
    used = UsedAmounts(tokens=9000, cost=2.0)
    whose = (BudgetOwner.PROJECT, "WEB", MONTH)
    return BudgetStatus(*whose, budget, grant or {}, used, UsedAmounts(tokens=by_task))


@pytest.mark.parametrize(
    ("standing", "spent", "is_low"),
    [
        pytest.param(own({"tokens": 5000}), [], True, id="most of it"),
        pytest.param(own({"tokens": 5001}), [], False, id="less"),
        pytest.param(own({"tokens": 4000, "minutes": 31}), ["tokens"], True, id="one of two"),
        pytest.param(own({"cost": 0.01}), [], False, id="what is unknown is never too much"),
        pytest.param(own({"tokens": 4000}, {"tokens": 8000}), [], False, id="granted more"),
        pytest.param(own({"tokens": 10}, {"tokens": 4000}), ["tokens"], True, id="all of that"),
        pytest.param(of_project({"tokens": 9000}), ["tokens"], True, id="a month's"),
        pytest.param(of_project({"tokens": 1}, {"tokens": 50}, 49), [], True, id="goes past it"),
        pytest.param(of_project({"tokens": 1}, {"tokens": 50}, 50), ["tokens"], True, id="so far"),
        pytest.param(
            of_project({"tokens": 1, "cost": 2}, {"tokens": 50}, 1), ["cost"], True, id="another"
        ),
    ],
)
def test_what_is_spent_and_what_soon_will_be(
    standing: BudgetStatus, spent: list[str], is_low: bool
) -> None:
    assert (standing.exceeded_figures, standing.is_low) == (spent, is_low)


def test_a_question_says_whose_budgets_are_used_and_how_much_of_them():
    asked = question_text([own({"minutes": 30, "cost": 1.5}), of_project({"tokens": 5000})])
    assert asked == (
        "Used up: the budget of the task: 30.2 of 30 minutes, a cost of unknown of 1.5; the budget "
        "of the project WEB for 2026-11: 9,000 of 5,000 tokens. "
        "Raise it by the same amount?"
    )


def test_a_question_writes_large_numbers_out():
    used = UsedAmounts(tokens=1_514_540)
    spent = BudgetStatus(BudgetOwner.TASK, "1", None, {"tokens": 1_500_000}, {}, used, used)
    assert "1,514,540 of 1,500,000 tokens" in question_text([spent])


@pytest.mark.parametrize(
    ("standing", "more", "expected"),
    [
        pytest.param(own({"tokens": 3000}), None, {"tokens": 7000}, id="beyond what it has used"),
        pytest.param(own({"tokens": 5000}), None, {"tokens": 10_000}, id="or beyond what it may"),
        pytest.param(own({"minutes": 30}), {"minutes": 5}, {"minutes": 36}, id="so much more"),
        pytest.param(
            own({"tokens": 1}, {"tokens": 4000}), {"tokens": 10}, {"tokens": 4010}, id="again"
        ),
        pytest.param(
            of_project({"tokens": 5000}, by_task=300), None, {"tokens": 5300}, id="a month's"
        ),
        pytest.param(of_project({"tokens": 5000}), {"tokens": 2}, {"tokens": 2}, id="a little"),
    ],
)
def test_what_is_granted_is_more_than_is_used(
    standing: BudgetStatus, more: dict[str, float] | None, expected: dict[str, float]
):
    assert compute_grants([standing], None, more) == {standing.key: expected}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        pytest.param({"minutes": 5}, "budget.minutes", id="no figure of it"),
        pytest.param({"cost": 5}, "budget.tokens", id="the other is spent, too"),
    ],
)
def test_a_grant_that_lets_nothing_go_on_is_refused(more: dict[str, Any], field: str):
    with pytest.raises(InvalidFields) as caught:
        compute_grants([of_project({"tokens": 1, "cost": 1})], None, more)
    assert field in caught.value.errors


def test_what_was_granted_for_a_month_stays_beside_what_is_granted_now():
    before = {"task": {"tokens": 5}, "project 2026-10": {"tokens": 6}}
    found = compute_grants([of_project({"tokens": 5})], before, {"tokens": 7})
    assert found == {**before, "project 2026-11": {"tokens": 7}}


def test_each_budget_is_granted_its_own_figures():
    more = {"tokens": 5, "cost": 1.0}
    found = compute_grants([own({"tokens": 4000}), of_project({"cost": 2})], None, more)
    assert found == {"task": {"tokens": 4005}, "project 2026-11": {"cost": 1.0}}


def test_a_budget_is_kept_without_what_is_null():
    assert exclude_none({"minutes": None, "tokens": 1}) == {"tokens": 1}
    assert exclude_none({"minutes": None}) is None


def test_a_month_begins_by_utc():
    assert month_start(datetime.fromisoformat("2026-12-01T00:30+02:00")) == MONTH
    assert month_start(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == MONTH
