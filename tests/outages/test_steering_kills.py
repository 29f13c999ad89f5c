"""Daemon, shim, runner or gunicorn is killed at a step of a message to an agent, or of its
permission request: each takes effect once, or its author learns that it didn't.
"""

import os

import pytest

from tests.outages.pair import Pair
from tests.outages.steering_kills import SteeringKills

KILLS = int(os.environ.get("KILLS", "40"))
SEED = 31


@pytest.mark.timeout(300 + 20 * KILLS)
def test_whoever_is_killed_at_whichever_step_it_takes_effect_once(pair: Pair) -> None:
    kills = SteeringKills(pair, SEED, print)
    for number in range(KILLS):
        kills.deal(number)
    problems = kills.judge()
    summary = "\n".join(kills.lines())
    assert problems == [], summary
    assert kills.outcomes.total() == KILLS, summary
