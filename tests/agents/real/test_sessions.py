"""What the next stage's agent knows of the one before."""

import re

import pytest

from tests.agents.agents import CLAUDE, CODEX, GEMINI, OPENCODE, Agent, need
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import Place, Service, used

remembering = pytest.mark.parametrize("agent", [CLAUDE, CODEX], ids=lambda agent: agent.name)
TURNS = (
    turn("I shall look.", call("run", command="ls")),
    turn("There is a package."),
    turn("You asked me to look."),
)


@remembering
def test_a_second_stage_goes_on_in_the_session_of_the_first(
    service: Service, model: Model, agent: Agent, place: Place
) -> None:
    _goes_on(service, model, agent, place)


def test_so_does_opencode(service: Service, model: Model) -> None:
    """It takes a while, so in a full room alone."""
    _goes_on(service, model, OPENCODE, service.places["root"])


def _goes_on(service: Service, model: Model, agent: Agent, place: Place) -> None:
    need(agent)
    play = model.play(*TURNS)
    task = service.given(place, agent, model.url, play).ask("Look around.", "What did I ask?")
    task.until("completed", patience=120)
    asked = str(play.main[-1].body)
    assert "Look around." in asked
    assert "There is a package." in asked
    first, second = _sessions(task.log().decode(), agent)
    assert first == second
    assert used(task).output == play.total.output, "also where the agent counts all of it again"


def test_geminis_knows_nothing_of_it(service: Service, model: Model) -> None:
    """What it cannot do is in tests/agents/real/test_plain.py; a new session works."""
    need(GEMINI)
    play = model.play(*TURNS)
    given = service.given(service.places["root"], GEMINI, model.url, play)
    task = given.ask("Look around.", "What did I ask?")
    task.until("completed")
    assert "Look around." not in str(play.main[-1].body)
    first, second = _sessions(task.log().decode(), GEMINI)
    assert first != second


def _sessions(log: str, agent: Agent) -> list[str]:
    """As each stage's begin shows them."""
    return re.findall(rf"── {agent.name} ·.* (\S{{20,}}) ──", log)
