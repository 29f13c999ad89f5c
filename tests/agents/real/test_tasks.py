"""Each real agent as the agent of a task: a whole Muster between a person and a pushed branch."""

from dataclasses import replace

import pytest

from tests.agents.agents import AGENTS, CLAUDE, Agent, need
from tests.agents.ground import COMMAND, PROMPT, repair
from tests.agents.model.server import Model
from tests.agents.service import CALLS, Place, Service, transcript, used

each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)


@each
def test_it_repairs_a_package_and_tells_of_all_that_it_did(
    service: Service, model: Model, agent: Agent, place: Place
) -> None:
    need(agent)
    play = model.play(*repair())
    given = service.given(place, agent, model.url, play)
    task = given.ask(PROMPT)
    done = task.until("completed")
    assert (play.left, done["result"]["changed"]) == (0, True)
    assert given.repaired(done["branch"])
    assert not given.living
    told = transcript(task)
    assert [entry["number"] for entry in told] == list(range(len(told)))
    read, edited, tested = (entry for entry in told if entry["kind"] in CALLS)
    assert "arithmetic/__init__.py" in read["title"]
    assert edited["kind"] == "edit"
    assert (tested["kind"], tested["title"]) == ("command", COMMAND)
    assert "Ran 1 test" in tested["text"]
    is_told = agent is not CLAUDE
    assert used(task) == (play.total if is_told else replace(play.total, reasoning=0))
