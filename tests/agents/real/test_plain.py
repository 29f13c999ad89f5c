"""Each real agent as it comes, with no Muster around it."""

from collections.abc import Callable

import pytest

from tests.agents.agents import AGENTS, Agent
from tests.agents.ground import Ground, repair
from tests.agents.model.script import turn

Grounds = Callable[[Agent], Ground]
each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@each
def test_it_repairs_a_package_and_goes_on_where_it_stood(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    play = at.model.play(*repair(), turn("I repaired it."))
    ended = at.ask(play)
    assert ended.status == 0, ended.stderr
    assert at.is_repaired
    # What was read, the edit's answer, and what the tests said.
    assert len(play.results) == 3
    assert "return number + number + 1" in play.results[0]
    assert "OK" in play.results[2]

    again = at.ask(play, "What did you do?", agent.session(ended))
    assert (again.status, play.left) == (0, 0), again.stderr
    asked = str(play.main[-1].body)
    assert "Repair the package" in asked
    assert "What did you do?" in asked
    assert "I repaired it." in again.stdout


@each
def test_a_wrong_key_ends_it_at_once(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    ended = at.ask("sk-wrong")
    assert ended.status, "it failed, and was not killed"
    assert "invalid api key" in ended.stdout
    assert at.model.strangers
