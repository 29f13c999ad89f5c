"""The checker of chaos runs: what is planted in a task's rounds and reviews is caught."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos import sample_history, sample_rounds
from tests.chaos.checker import check
from tests.chaos.history import History
from tests.chaos.planted_rounds import PLANTED, change_request, rows_of
from tests.chaos.planted_violations import change_task


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = sample_history.history(tmp_path)
    sample_rounds.add(history)
    return history


@pytest.mark.parametrize(("plant", "rule"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_violation_is_caught(
    history: History, plant: Callable[[History], None], rule: str
) -> None:
    plant(history)
    assert rule in {violation.rule for violation in check(history)}


def test_a_task_that_was_reviewed_and_followed_up_passes(history: History) -> None:
    assert check(history) == []


def test_a_follow_up_may_wait_behind_a_failure(history: History) -> None:
    rows_of(history, "follow_ups")[1]["state"] = "queued"
    del history.review_requests[6]
    history.audited.pop()
    events = history.tasks[sample_rounds.TASK].events
    events[11]["message"] = "a log"
    events[-1] |= {"type": "failed", "data": {"code": "stage_timeout"}}
    more = {"status": "failed", "result": None, "followUpsQueued": 1, "projectKey": "SLOW"}
    change_task(history, sample_rounds.TASK, **more)
    assert check(history) == []


def test_what_was_never_answered_may_be_there(history: History) -> None:
    change_request(history, 4, status=None, made=0)
    assert check(history) == []
