"""A run that did not do its work does not pass for one in which nothing was found."""

import sys
from pathlib import Path

import pytest

from tests.chaos import __main__ as command
from tests.chaos import driver, sample_history
from tests.chaos.driver import Outcome
from tests.chaos.history import TaskSeen
from tests.chaos.rules.violation import Violation
from tests.chaos.summary import shortfall

MADE = 4  # tasks in the history, one of each plan


@pytest.mark.parametrize(
    ("task_count", "beginning"),
    [
        pytest.param(MADE, None, id="all"),
        pytest.param(MADE - 1, None, id="more"),
        pytest.param(MADE + 1, "only 4 of 5 tasks were created", id="fewer"),
    ],
)
def test_a_run_falls_short_that_did_not_create_all_its_tasks(
    tmp_path: Path, task_count: int, beginning: str | None
) -> None:
    problem = shortfall(sample_history.history(tmp_path), task_count)
    assert (
        problem is None
        if beginning is None
        else problem is not None and problem.startswith(beginning)
    )


def test_a_plan_whose_first_create_was_not_heard_of_is_one_task_all_the_same(
    tmp_path: Path,
) -> None:
    history = sample_history.history(tmp_path)
    twin = history.tasks[MADE]
    history.add(TaskSeen(twin.task | {"id": MADE + 1}, twin.events))
    assert shortfall(history, MADE + 1) is not None


@pytest.mark.parametrize(
    ("asked", "violations", "status"),
    [
        pytest.param(MADE, [], 0, id="all is well"),
        pytest.param(MADE + 1, [], 2, id="too little was done"),
        pytest.param(MADE + 1, [Violation("planted", 1, "")], 1, id="and something was found"),
    ],
)
def test_the_exit_status_says_how_a_run_went(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: int,
    violations: list[Violation],
    status: int,
) -> None:
    outcome = Outcome(sample_history.history(tmp_path), violations, tmp_path)
    monkeypatch.setattr(driver, "run", lambda order, say: outcome)
    monkeypatch.setattr(sys, "argv", ["chaos", "--tasks", str(asked)])
    assert command.main() == status
    assert tmp_path.exists() == (status != 0)  # what there is to be looked at stays
