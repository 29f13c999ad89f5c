"""What a task may use before a person is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.budget import CLOCKED, Used, in_words, said, share, worked
from app.domain.task import EventType as E

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
USED = Used(minutes=30.0, tokens=4000, cost=None)


@pytest.mark.parametrize(
    ("budget", "grants", "expected"),
    [
        pytest.param(None, 0, 0.0, id="none"),
        pytest.param({"tokens": 5000}, 0, 0.8, id="one figure"),
        pytest.param({"tokens": 5000, "minutes": 30}, 0, 1.0, id="the largest share"),
        pytest.param({"tokens": 5000, "minutes": 30}, 1, 0.5, id="as much once more"),
        pytest.param({"cost": 1.5}, 0, 0.0, id="what is unknown is never too much"),
    ],
)
def test_the_share_that_is_used(budget: dict[str, float] | None, grants: int, expected: float):
    assert share(budget, grants, USED) == expected


def test_what_is_used_in_words():
    budget = {"minutes": 30, "tokens": 5000, "cost": 1.5}
    told = in_words(budget, 1, USED)
    assert told == "30 of 60 minutes, 4,000 of 10,000 tokens, a cost of unknown of 3"


def test_a_budget_is_kept_without_what_is_null():
    assert said({"minutes": None, "tokens": 1}) == {"tokens": 1}
    assert said({"minutes": None}) is None


def test_a_task_works_while_its_stages_run_and_not_while_it_waits():
    story = [
        (E.STAGE_STARTED, 0),
        (E.SUSPENDED, 5),  # its agent asks
        (E.RESUMED, 50),
        (E.STAGE_FINISHED, 55),
        (E.RESUMED, 100),  # a gate was answered
        (E.STAGE_STARTED, 101),
        (E.MACHINE_LOST, 110),
        (E.REQUEUED, 120),
        (E.STAGE_STARTED, 200),
    ]
    events = [(type_, NOW + timedelta(minutes=at)) for type_, at in story]
    assert worked(events, NOW + timedelta(minutes=203)) == timedelta(minutes=5 + 5 + 10 + 3)


@pytest.mark.parametrize("end", [E.FAILED, E.CANCELLED])
def test_a_task_does_not_work_between_its_end_and_a_retry(end: E):
    story = [(E.STAGE_STARTED, 0), (end, 5), (E.RETRIED, 99), (E.STAGE_STARTED, 100), (end, 107)]
    events = [(type_, NOW + timedelta(minutes=at)) for type_, at in story if type_ in CLOCKED]
    assert worked(events, NOW + timedelta(minutes=900)) == timedelta(minutes=5 + 7)
