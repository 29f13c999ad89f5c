"""Each real agent as the agent of a task: a whole Muster between a person and a pushed branch.

One task of two stages for each of them on each ground, of which each test says one thing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.agents.agents import AGENTS, CLAUDE, GEMINI, Agent
from tests.agents.marks import needs_agent
from tests.agents.model.play import Play
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import CALLS, AgentProject, Service, token_usage, transcript
from tests.agents.testbed import COMMAND, PROMPT, repair
from tests.flows.running_stack import FollowedTask
from tests.hostile.users import USERS

QUESTION, CHOICES, ANSWER = "Which colour is it to be?", ["red", "blue"], "blue"
PROGRESS, LAST = "The colour is known.", "You asked me to repair it."
TIMEOUT_SECONDS = 150.0  # opencode takes half a minute to begin where much else runs


@dataclass(frozen=True)
class FinishedTask:
    """What a task was asked, and what had become of it when it was over. `asked` is the question
    that its agent asked in the middle of the first stage; `transcript` is its transcript."""

    agent: Agent
    play: Play
    given: AgentProject
    task: FollowedTask
    asked: dict[str, Any]
    done: dict[str, Any]
    transcript: list[dict[str, Any]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((agent, user.name), marks=needs_agent(agent), id=f"{agent.name}-{user.name}")
        for agent in AGENTS
        for user in USERS
    ],
)
def finished_task(service: Service, request: pytest.FixtureRequest) -> Iterator[FinishedTask]:
    agent, place = request.param
    with Model() as model:
        ask = call("ask_human", question=QUESTION, choices=CHOICES)
        tell = call("progress", text=PROGRESS)
        play = model.play(turn(ask), turn(tell), *repair(), turn(LAST))
        given = service.given(service.places[place], agent, model.url, play)
        task = given.ask(PROMPT, "What did I ask you?")
        task.wait_for_status("suspended", patience=TIMEOUT_SECONDS)
        asked = given.service.api.get(f"{task.path}/pending-confirm")
        task.answer(0, ANSWER)
        done = task.wait_for_status("completed", patience=TIMEOUT_SECONDS)
        yield FinishedTask(agent, play, given, task, asked, done, transcript(task))
    assert model.problems == []


def test_it_repairs_the_package_and_leaves_nothing_behind(finished_task: FinishedTask) -> None:
    assert (finished_task.play.left, finished_task.done["result"]["changed"]) == (0, True)
    assert finished_task.given.is_repaired(finished_task.done["branch"])
    assert not finished_task.given.living


def test_a_person_answers_it_in_the_middle(finished_task: FinishedTask) -> None:
    assert (finished_task.asked["kind"], finished_task.asked["prompt"]) == ("question", QUESTION)
    assert finished_task.asked["choices"] == CHOICES
    assert ANSWER in finished_task.play.results[0]
    reasons = [event["data"]["reason"] for event in finished_task.task.events("suspended")]
    assert reasons == ["question"]
    progress = [event["message"] for event in finished_task.task.events("log")]
    assert progress.count(PROGRESS) == 1


def test_its_transcript_has_all_once(finished_task: FinishedTask) -> None:
    entries = finished_task.transcript
    assert [entry["number"] for entry in entries] == list(range(len(entries)))
    question, telling, read, edited, tested = (entry for entry in entries if entry["kind"] in CALLS)
    assert "ask_human" in question["title"]
    assert "progress" in telling["title"]
    assert "arithmetic/__init__.py" in read["title"]
    assert edited["kind"] == "edit"
    assert (tested["kind"], tested["title"]) == ("command", COMMAND)
    assert "Ran 1 test" in tested["text"]
    assert [entry["text"] for entry in entries if entry["kind"] == "question"] == [QUESTION]
    assert [entry["text"] for entry in entries if entry["data"].get("progress")] == [PROGRESS]
    messages = [entry["text"] for entry in entries if entry["kind"] == "message"]
    assert messages[-2:] == ["Repaired.", LAST]


def test_its_figures_are_what_the_model_has_counted(finished_task: FinishedTask) -> None:
    """Also where the agent counts all of its conversation again."""
    counted = finished_task.play.total
    is_told = finished_task.agent is not CLAUDE
    assert token_usage(finished_task.task) == (
        counted if is_told else replace(counted, reasoning=0)
    )


def test_its_second_stage_knows_the_first(finished_task: FinishedTask) -> None:
    """But for gemini's, which begins anew: test_plain.py says why."""
    knows = finished_task.agent is not GEMINI
    asked = str(finished_task.play.main[-1].body)
    assert ("Repaired." in asked) is knows
    assert (PROMPT in asked) is knows
    # As each stage's begin shows them.
    begun = rf"── {finished_task.agent.name} ·.* (\S{{20,}}) ──"
    first, second = re.findall(begun, finished_task.task.log().decode())
    assert (first == second) is knows
