"""A limit that ends is waited for, without a slot, and the agent goes on where it stood."""

from datetime import datetime

from tests.agents.agents import CLAUDE, CODEX, Agent
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.script import Refusal, call, turn
from tests.agents.model.server import Model
from tests.agents.service import MachineUser, Service
from tests.agents.testbed import repair

LIMIT = 20.0


@needs_agent(CLAUDE)
def test_a_limit_suspends_the_task_until_it_ends_and_no_other_project(
    service: Service, model: Model, place: MachineUser
) -> None:
    steps = (turn(call("run", command="echo begun > notes")), Refusal("rate_limited", last=LIMIT))
    play = model.play(*steps, turn("Done."))
    given = service.given(place, CLAUDE, model.url, play)
    task = given.ask("Work.")
    suspended = task.wait_for_status("suspended")
    assert suspended["suspendReason"] == "quota"
    waits = suspended["waitingFor"]
    assert (waits["reason"], waits["nextAction"]) == ("quota", "resume")
    ends = datetime.fromisoformat(waits["at"])
    assert 0 < ends.timestamp() - play.main[1].at < 2 * LIMIT
    assert not given.living
    assert service.slots_used(place) == 0

    other = model.play(*repair())
    begun = (
        service.given(place, CLAUDE, model.url, other)
        .ask("Repair it.")
        .wait_for_status("completed")
    )
    assert datetime.fromisoformat(begun["startedAt"]) < ends, "it was kept waiting"

    done = task.wait_for_status("completed")
    assert (done["attempt"], play.left) == (1, 0)
    resumed = min(event["createdAt"] for event in task.events("resumed"))
    assert datetime.fromisoformat(resumed) >= ends
    assert "echo begun" in str(play.main[-1].body), "it knows what it has done"
    assert given.remote.git("show", f"{done['branch']}:notes") == "begun"


@parametrize_agents(CLAUDE, CODEX)
def test_an_agent_that_is_limited_before_its_first_word_begins_all_the_same(
    agent: Agent, service: Service, model: Model
) -> None:
    """It takes a while, so in a full room alone."""
    play = model.play(Refusal("rate_limited", last=LIMIT), *repair())
    given = service.given(service.places["root"], agent, model.url, play)
    task = given.ask("Repair it.")
    assert task.wait_for_status("suspended")["suspendReason"] == "quota"
    done = task.wait_for_status("completed", patience=150)  # codex tells no time
    assert (done["attempt"], play.left) == (1, 0)
