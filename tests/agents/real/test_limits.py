"""Each real agent under the narrator: a limit that ends at once it waits for by itself.

What becomes of others is in `test_failures.py` and `test_waits.py`; aider's is known here.
"""

from collections.abc import Callable

import pytest

from tests.agents.agent_run import Narrated
from tests.agents.agents import AGENTS, AIDER, Agent
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.script import FOREVER, Refusal, Trouble, turn
from tests.agents.testbed import Ground

Grounds = Callable[[Agent], Ground]
KNOWN_WITHIN = 60.0  # seconds


@parametrize_agents(*AGENTS, AIDER)
def test_what_ends_soon_is_waited_for(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    play = at.model.play(Refusal("rate_limited", 2), turn("Done."))
    asked = Narrated(at, play)
    assert (asked.ended.status, play.left, asked.facts.get("failure")) == (0, 0, None), asked.ended


@needs_agent(AIDER)
@pytest.mark.parametrize(
    ("kind", "after", "told"),
    [
        ("rate_limited", 3600, "rate_limit"),
        ("rate_limited", None, "rate_limit"),
        ("quota", None, "quota"),
        ("overloaded", None, "overloaded"),
    ],
    ids=["an hour", "untold", "quota", "overloaded"],
)
def test_aiders_limits_are_known_soon(
    kind: Trouble, after: float | None, told: str, ground: Grounds
) -> None:
    at = ground(AIDER)
    asked = Narrated(at, at.model.play(Refusal(kind, after, FOREVER)))
    failure = asked.facts["failure"]
    assert (failure["kind"], failure["resetsAt"] is None) == (told, after is None), asked.ended
    assert asked.seconds < KNOWN_WITHIN
