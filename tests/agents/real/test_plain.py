"""Each real agent as it comes, with no Muster around it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.agents.agents import AGENTS, CLAUDE, CODEX, GEMINI, Agent
from tests.agents.ground import Ground, repair
from tests.agents.model.script import FOREVER, Refusal, Trouble, call, turn

Grounds = Callable[[Agent], Ground]
each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@each
def test_it_repairs_a_package_and_tells_what_that_took(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    play = at.model.play(*repair())
    ended = at.ask(play)
    assert (ended.status, play.left) == (0, 0), ended.stderr
    assert at.is_repaired
    read, edited, tested = play.results
    assert "return number + number + 1" in read
    assert edited
    assert "Ran 1 test" in tested
    assert "OK" in tested
    assert agent.used(ended) == replace(play.total, reasoning=0)


@each
def test_it_goes_on_where_it_stood(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    play = at.model.play(turn("I have read it."), turn("You asked me to read it."))
    session = agent.session(at.ask(play, "Read the package."))
    again = at.ask(play, "What did I ask you?", session)
    assert (again.status, play.left) == (0, 0), again.stderr
    asked = str(play.main[-1].body)
    assert "Read the package." in asked
    assert "I have read it." in asked
    assert "You asked me to read it." in again.stdout


def test_gemini_cannot_go_on_after_it_has_used_a_tool(ground: Grounds) -> None:
    """https://github.com/google-gemini/gemini-cli/issues/29365: each result is sent twice."""
    at = ground(GEMINI)
    play = at.model.play(turn(call("run", command="true")), turn("Done."), turn("I ran it."))
    session = GEMINI.session(at.ask(play))
    assert at.ask(play, "What did you run?", session).status
    assert ["number of function response parts" in said for said in play.problems] == [True]
    play.problems.clear()


@each
def test_a_wrong_key_ends_it_at_once(agent: Agent, ground: Grounds) -> None:
    at = ground(agent)
    ended = at.ask("sk-wrong")
    assert ended.status, "it failed, and was not killed"
    assert "invalid api key" in ended.stdout
    assert at.model.strangers


# opencode tries again for a minute, and gemini does after half of one.
@pytest.mark.parametrize("agent", [CLAUDE, CODEX], ids=lambda agent: agent.name)
@pytest.mark.parametrize("kind", ["rate_limited", "quota", "overloaded"])
def test_a_limit_ends_it_at_once(agent: Agent, kind: Trouble, ground: Grounds) -> None:
    at = ground(agent)
    assert at.ask(at.model.play(Refusal(kind, last=FOREVER))).status == 1
