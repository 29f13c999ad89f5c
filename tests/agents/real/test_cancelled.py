"""Whoever cancels a task has an end of all that its agent does."""

import pytest

from tests.agents.agents import AGENTS, OPENCODE, Agent
from tests.agents.marks import parametrize_agents
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import MachineUser, Service
from tests.flows.running_stack import wait_for

SECONDS, TIMEOUT_SECONDS = 3.0, 120.0


@parametrize_agents(*AGENTS)
def test_it_is_cancelled_with_all_that_it_has_started(
    service: Service, model: Model, agent: Agent, place: MachineUser
) -> None:
    if agent is OPENCODE and place.user.uid is not None:
        pytest.skip("it takes a while: in a full room alone")
    # One whose command has ended may ask once more before its own end.
    play = model.play(turn(call("run", command="sleep 6543.21")), turn(problem="hang"))
    given = service.given(place, agent, model.url, play)
    task = given.ask("Wait.")
    task.wait_for(lambda: b"sleep\x006543.21\x00" in given.living, "command", TIMEOUT_SECONDS)
    task.act("cancel")
    wait_for(lambda: not given.living, "end of all", SECONDS)
    assert task.now()["status"] == "cancelled"
