"""What a real agent cannot do, with no Muster around it. Once it can, its adapter may say so."""

from collections.abc import Callable

from tests.agents.agents import GEMINI, Agent
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.testbed import AgentTestbed


@needs_agent(GEMINI)
def test_gemini_cannot_go_on_after_it_has_used_a_tool(
    testbed: Callable[[Agent], AgentTestbed],
) -> None:
    """https://github.com/google-gemini/gemini-cli/issues/29365: each result is sent twice."""
    at = testbed(GEMINI)
    play = at.model.play(turn(call("run", command="true")), turn("Done."), turn("I ran it."))
    session = GEMINI.session(at.ask(play))
    assert at.ask(play, "What did you run?", session).status
    assert ["number of function response parts" in problem for problem in play.problems] == [True]
    play.problems.clear()
