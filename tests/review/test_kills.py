"""kill -9 of Celery, gunicorn, daemons and shims at every step of a follow-up and of the move of a
task's branch: no round twice, nothing said is lost, no branch left behind."""

from collections import Counter

import pytest

from tests.chaos import driver
from tests.chaos.driver import Order, Outcome
from tests.chaos.kills import AT, VICTIMS

KILLS = 300
# At most five minutes of them; a machine that is slow deals as many as it can.
MANY = Order(seed=16, tasks=1_000, seconds=1_200, pace=0.7, kills=KILLS)
STEPS = {
    *("comment sent", "review sent", "follow_up sent", "reviewed", "followed_up", "assigned"),
    *("workspace ready", "started", "stage_started", "checkpoint", "stage_finished"),
    *("suspended", "confirmed", "resumed", "branch pushed", "branch moved", "published"),
    "completed",
}


@pytest.mark.timeout(2_000)
def test_whoever_is_killed_at_whichever_step_nothing_is_lost_or_done_twice() -> None:
    outcome = driver.run(MANY, print)
    summary = "\n".join([*outcome.lines(), f"the history is in {outcome.directory}"])
    assert not outcome.violations, summary
    assert len(_killed(outcome)) == KILLS, summary
    assert set(_killed(outcome)) >= STEPS, summary
    assert Counter(fault.name for fault in outcome.history.disruptions).keys() >= set(VICTIMS), (
        summary
    )
    outcome.remove()


def _killed(outcome: Outcome) -> list[str]:
    """The steps at which somebody was killed."""
    return [
        fault.target.rpartition(AT)[2]
        for fault in outcome.history.disruptions
        if AT in fault.target
    ]
