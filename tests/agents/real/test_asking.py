"""Real agents ask a person in the middle of a stage, and go on with the answer."""

from typing import Any

import pytest

from tests.agents.agents import AGENTS, CLAUDE, Agent, need
from tests.agents.model.play import Play
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import Given, Place, Service, transcript
from tests.flows.running import Followed

each = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)

QUESTION, CHOICES = "Which colour is it to be?", ["red", "blue"]
TOLD = "The colour is known."


def play(model: Model) -> Play:
    ask = call("ask_human", question=QUESTION, choices=CHOICES)
    tell, paint = call("progress", text=TOLD), call("run", command="echo blue > colour")
    return model.play(turn(ask), turn(tell), turn(paint), turn("It is to be blue."))


def asked(given: Given) -> tuple[Followed, dict[str, Any]]:
    """A task that waits for an answer, and the question."""
    task = given.ask("Find out which colour it is to be.")
    suspended = task.until("suspended")
    assert suspended["suspendReason"] == "question"
    return task, given.service.api.get(f"{task.path}/pending-confirm")


@each
def test_it_is_answered_over_the_api_and_goes_on(
    service: Service, model: Model, agent: Agent, place: Place
) -> None:
    need(agent)
    played = play(model)
    given = service.given(place, agent, model.url, played)
    task, pending = asked(given)
    assert (pending["kind"], pending["prompt"]) == ("question", QUESTION)
    assert pending["choices"] == CHOICES
    task.answer(0, "blue")
    done = task.until("completed")
    assert given.remote.git("show", f"{done['branch']}:colour") == "blue"
    assert (played.left, played.problems) == (0, [])
    assert "blue" in played.results[0]
    entries = transcript(task, "question", "message")
    assert [entry["text"] for entry in entries if entry["kind"] == "question"] == [QUESTION]
    assert [entry["text"] for entry in entries if entry["data"].get("progress")] == [TOLD]
    assert entries[-1]["text"] == "It is to be blue."
    events = task.events("log")
    assert [event["message"] for event in events if event["data"].get("progress")] == [TOLD]


def test_a_question_outlives_the_daemon(service: Service, model: Model, place: Place) -> None:
    need(CLAUDE)
    played = play(model)
    task, _ = asked(service.given(place, CLAUDE, model.url, played))
    place.kill()
    task.answer(0, "blue")
    service.stack.restart(place.process)
    assert task.until("completed")["attempt"] == 1
    assert "blue" in played.results[0]
    assert [event["data"]["reason"] for event in task.events("suspended")][:1] == ["question"]
    assert len(transcript(task, "question")) == 1


def test_who_asks_is_cancelled_like_others(service: Service, model: Model, place: Place) -> None:
    need(CLAUDE)
    given = service.given(place, CLAUDE, model.url, play(model))
    task, _ = asked(given)
    task.act("cancel")
    assert task.until("cancelled")["status"] == "cancelled"
