"""What a real agent asks is answered over the API, and it goes on with the answer."""

import pytest

from tests.agents.agents import CLAUDE, CODEX, Agent, need
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import Place, Service


@pytest.mark.parametrize("agent", [CLAUDE, CODEX], ids=lambda agent: agent.name)
def test_a_person_answers_over_the_api(
    service: Service, model: Model, agent: Agent, place: Place
) -> None:
    need(agent)
    ask = call("ask_human", question="Which colour?", choices=["red", "blue"])
    play = model.play(turn(ask), turn(call("run", command="echo blue > colour")), turn("Done."))
    given = service.given(place, agent, model.url, play)
    task = given.ask("Ask which colour it is to be.")
    assert task.until("suspended")["suspendReason"] == "question"
    asked = service.api.get(f"{task.path}/pending-confirm")
    assert (asked["kind"], asked["choices"]) == ("question", ["red", "blue"])
    assert "Which colour?" in asked["prompt"]
    task.act("confirm-stage", {"stageIndex": 0, "number": asked["number"], "result": "blue"})
    done = task.until("completed")
    assert "blue" in play.results[0]
    assert given.remote.git("show", f"{done['branch']}:colour") == "blue"
