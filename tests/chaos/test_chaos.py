"""Short chaos runs; `make chaos` and `make review` have the long ones."""

import pytest

from tests.chaos import driver
from tests.chaos.driver import Order

SHORT = Order(seed=11, tasks=60, seconds=45, pace=0.9)
FEW_KILLS = Order(seed=16, tasks=60, seconds=60, pace=0.9, kills=6)


@pytest.mark.timeout(400)
def test_every_promise_is_kept_while_everything_breaks() -> None:
    outcome = driver.run(SHORT, print)
    told = "\n".join([*outcome.lines(), f"the history is in {outcome.directory}"])
    assert not outcome.violations, told
    assert len(outcome.history.tasks) >= 20, told
    assert len(outcome.history.faults) >= 15, told
    outcome.remove()


@pytest.mark.timeout(400)
def test_a_few_kills_in_the_middle_of_follow_ups_lose_and_double_nothing() -> None:
    outcome = driver.run(FEW_KILLS, print)
    told = "\n".join([*outcome.lines(), f"the history is in {outcome.directory}"])
    assert not outcome.violations, told
    assert len(outcome.history.faults) >= 6, told
    assert any(said.verb == "follow_up" for said in outcome.history.said), told
    outcome.remove()
