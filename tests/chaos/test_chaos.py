"""A short chaos run. `make chaos` has long ones; tests/review has kills in follow-ups, 300."""

import pytest

from tests.chaos import driver
from tests.chaos.driver import Order

SHORT = Order(seed=11, tasks=60, seconds=45, pace=0.9)


@pytest.mark.timeout(400)
def test_every_promise_is_kept_while_everything_breaks() -> None:
    outcome = driver.run(SHORT, print)
    summary = "\n".join([*outcome.lines(), f"the history is in {outcome.directory}"])
    assert not outcome.violations, summary
    assert len(outcome.history.tasks) >= 20, summary
    assert len(outcome.history.disruptions) >= 15, summary
    outcome.remove()
