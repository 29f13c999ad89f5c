"""Each real agent under the narrator: a limit is known soon, however long it would wait itself."""

import time
from collections.abc import Callable

import pytest

from tests.agents.agents import AGENTS, Agent
from tests.agents.ground import Ground
from tests.agents.model.script import FOREVER, Refusal, Trouble, turn
from tests.agents.narrated import Narrated

Grounds = Callable[[Agent], Ground]
KNOWN_WITHIN = 60.0  # seconds
each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@each
@pytest.mark.parametrize(
    ("kind", "after", "told"),
    [
        ("rate_limited", 3600, {"rate_limit"}),
        ("rate_limited", None, {"rate_limit"}),
        ("quota", 3600, {"quota", "rate_limit"}),
        ("overloaded", None, {"overloaded"}),
    ],
    ids=["an hour", "untold", "quota", "overloaded"],
)
def test_a_limit_is_known_soon(
    agent: Agent, kind: Trouble, after: float | None, told: set[str], ground: Grounds
) -> None:
    at = ground(agent)
    asked = Narrated(at, at.model.play(Refusal(kind, after, FOREVER)))
    assert asked.ended.status, asked.ended
    assert asked.facts["failure"]["kind"] in told, asked.ended
    assert asked.seconds < KNOWN_WITHIN
    if "3600s" in asked.ended.stdout:
        assert abs(asked.facts["failure"]["resetsAt"] - time.time() - 3600) < KNOWN_WITHIN


@each
def test_what_ends_soon_is_waited_for(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    asked = Narrated(at, at.model.play(Refusal("rate_limited", 2), turn("Done.")))
    assert (asked.ended.status, asked.facts.get("failure")) == (0, None), asked.ended
