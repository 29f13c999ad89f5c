"""A real agent that waits for a person in the middle of a stage, and what may happen meanwhile.

That each of them asks, and goes on with the answer, is in `test_whole_tasks.py`.
"""

from tests.agents.agents import CLAUDE
from tests.agents.marks import needs_agent
from tests.agents.model.play import Play
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import AgentProject, Service, transcript
from tests.flows.running_stack import FollowedTask, wait_for


def play(model: Model) -> Play:
    return model.play(turn(call("ask_human", question="Which colour?")), turn("Painted."))


def run_until_question(given: AgentProject) -> FollowedTask:
    """A task that waits for an answer."""
    task = given.ask("Paint it.")
    assert task.wait_for_status("suspended")["suspendReason"] == "question"
    return task


@needs_agent(CLAUDE)
def test_a_question_outlives_the_daemon(service: Service, model: Model) -> None:
    place, played = service.places["user"], play(model)
    task = run_until_question(service.given(place, CLAUDE, model.url, played))
    place.kill()
    task.answer(0, "blue")
    service.stack.restart(place.process)
    assert task.wait_for_status("completed")["attempt"] == 1
    assert "blue" in played.results[0]
    assert [event["data"]["reason"] for event in task.events("suspended")] == ["question"]
    assert len(transcript(task, "question")) == 1


@needs_agent(CLAUDE)
def test_who_asks_is_cancelled_like_others(service: Service, model: Model) -> None:
    given = service.given(service.places["root"], CLAUDE, model.url, play(model))
    task = run_until_question(given)
    task.act("cancel")
    wait_for(lambda: not given.living, "end of all")
    assert task.now()["status"] == "cancelled"
