"""Each real agent under the narrator: a limit is known soon, however long it would wait itself."""

import time
from collections.abc import Callable

import pytest

from tests.agents.agents import AGENTS, Agent, run
from tests.agents.ground import PROMPT, Ground
from tests.agents.model.play import Play
from tests.agents.model.script import FOREVER, Refusal, Trouble, turn
from tests.muster.worker.agents.narrator.listening import Listening
from tests.muster.worker.agents.narrator.narrator_process import command

Grounds = Callable[[Agent], Ground]
KNOWN_WITHIN = 60.0  # seconds
each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


class Narrated:
    """An agent that has been asked: how it `ended`, its `facts`, and the `seconds` between its
    first request and its end."""

    def __init__(self, at: Ground, play: Play) -> None:
        self._play = play
        self._asked: float | None = None
        with Listening(self._look) as heard:
            variables = at.agent.environment(at.model.url, play.key)
            variables |= {"HOME": str(at.home), **heard.variables}
            argv = command(*at.agent.argv(PROMPT), format_name=at.agent.name)
            self.ended = run(argv, at.workspace, variables, inherits=(heard.descriptor,))
            self.seconds = time.monotonic() - (self._asked or 0)
        self.facts = heard.facts

    def _look(self) -> None:
        if self._asked is None and self._play.main:
            self._asked = time.monotonic()


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
