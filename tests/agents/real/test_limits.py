"""Each real agent under the narrator: a limit that ends at once it waits for by itself.

What becomes of others is in `test_failures.py` and `test_waits.py`; aider's is known here.
"""

from collections.abc import Callable

import pytest

from tests.agents.agent_run import AgentRun
from tests.agents.agents import AGENTS, AIDER, Agent
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.script import FOREVER, Problem, Refusal, turn
from tests.agents.testbed import AgentTestbed

Grounds = Callable[[Agent], AgentTestbed]
KNOWN_WITHIN = 60.0  # seconds


@parametrize_agents(*AGENTS, AIDER)
def test_what_ends_soon_is_waited_for(agent: Agent, testbed: Grounds) -> None:
    at = testbed(agent)
    play = at.model.play(Refusal("rate_limited", 2), turn("Done."))
    asked = AgentRun(at, play)
    assert (asked.ended.status, play.left, asked.facts.get("failure")) == (0, 0, None), asked.ended


@needs_agent(AIDER)
@pytest.mark.parametrize(
    ("kind", "after", "failure_kind"),
    [
        ("rate_limited", 3600, "rate_limit"),
        ("rate_limited", None, "rate_limit"),
        ("quota", None, "quota"),
        ("overloaded", None, "overloaded"),
    ],
    ids=["an hour", "untold", "quota", "overloaded"],
)
def test_aiders_limits_are_known_soon(
    kind: Problem, after: float | None, failure_kind: str, testbed: Grounds
) -> None:
    at = testbed(AIDER)
    run = AgentRun(at, at.model.play(Refusal(kind, after, FOREVER)))
    failure = run.facts["failure"]
    assert (failure["kind"], failure["resetsAt"] is None) == (failure_kind, after is None), (
        run.ended
    )
    assert run.seconds < KNOWN_WITHIN
