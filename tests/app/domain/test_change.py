"""Whether a task has changed anything, and what is made and said of it where it has not."""

import pytest

from app.domain import change
from app.domain.notification_rules import NotificationType
from app.domain.notification_text import render_notification
from app.domain.pipeline import Ask, Fail, Gate, GateKind, Publish, Run, Step

NOTHING = {"filesChanged": 0, "insertions": 0, "deletions": 0}
SOMETHING = {"filesChanged": 1, "insertions": 0, "deletions": 0}
FAILURE = Fail("nothing_changed", "the stages changed nothing, but the project requires a change")
BROKEN = Fail("stage_failed", "stage “do” ended with exit code 1")
ASK = Ask(1, Gate(GateKind.CONFIRM, "Go?"))


@pytest.mark.parametrize(
    ("diff", "changed"),
    [(NOTHING, False), ({}, False), ({"insertions": 0}, False), (SOMETHING, True)],
)
def test_a_difference_is_one_of_files(diff: dict[str, int], changed: bool) -> None:
    assert change.has_changed(diff) is changed


@pytest.mark.parametrize(
    ("step", "required", "diff", "then"),
    [
        pytest.param(Publish(), True, NOTHING, FAILURE, id="nothing, and a change is required"),
        pytest.param(Publish(), True, SOMETHING, Publish(), id="something"),
        pytest.param(Publish(), True, None, Publish(), id="unknown before the push"),
        pytest.param(Publish(), False, NOTHING, Publish(), id="nothing is required"),
        pytest.param(Run(1), True, NOTHING, Run(1), id="a stage may still change something"),
        pytest.param(ASK, True, NOTHING, ASK, id="a question comes first"),
        pytest.param(BROKEN, True, NOTHING, BROKEN, id="another failure stays what it is"),
    ],
)
def test_only_the_push_of_nothing_fails_where_a_change_is_required(
    step: Step, required: bool, diff: dict[str, int] | None, then: Step
) -> None:
    assert change.require_change(step, required=required, diff=diff) == then


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("completed", "Task 7 completed"),
        (change.UNCHANGED, "Task 7 completed without changes"),
    ],
)
def test_people_are_told_that_a_task_changed_nothing(message: str, title: str) -> None:
    notification = render_notification(
        NotificationType.TASK_COMPLETED, 7, description="Do it.", message=message, stage="develop"
    )
    assert notification == (title, "Do it.")
