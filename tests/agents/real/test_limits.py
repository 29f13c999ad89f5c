"""Each real agent under the narrator: a limit that ends at once it waits for by itself.

What becomes of others is in `test_failures.py` and `test_waits.py`.
"""

from collections.abc import Callable

import pytest

from tests.agents.agents import AGENTS, Agent
from tests.agents.ground import Ground
from tests.agents.model.script import Refusal, turn
from tests.agents.narrated import Narrated


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_what_ends_soon_is_waited_for(agent: Agent, ground: Callable[[Agent], Ground]) -> None:
    at = ground(agent)
    play = at.model.play(Refusal("rate_limited", 2), turn("Done."))
    asked = Narrated(at, play)
    assert (asked.ended.status, play.left, asked.facts.get("failure")) == (0, 0, None), asked.ended
