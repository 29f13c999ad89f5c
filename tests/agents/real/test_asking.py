"""Real agents ask a person by the tools that Muster gives them, and go on with the answer."""

import os

import pytest

from muster.protocol.frames import AgentOptions, Answer, Asked, StageFinished, Transcript
from muster.worker.room.rooms import found_out
from tests.agents.agents import AGENTS, NODE, NPM, Agent, need
from tests.agents.conftest import model
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["model", "repository", "root", "worker"]

WITHIN = 150.0  # seconds for an agent to start, on a machine that is busy
MODELS = {"claude": None, "codex": "gpt-5.5", "opencode": None, "gemini": "gemini-2.5-pro"}
QUESTION, CHOICES = "Which colour is it to be?", ["red", "blue"]


def options(agent: Agent, url: str) -> AgentOptions:
    """What a project says: codex knows its own vendor's address alone."""
    given = AgentOptions(model=MODELS[agent.name])
    if agent.name != "codex":
        return given
    provider = {"name": "Scripted", "base_url": f"{url}/v1", "env_key": "CODEX_API_KEY"}
    words = [f'model_providers.scripted.{name}="{what}"' for name, what in provider.items()]
    words += ['model_providers.scripted.wire_api="responses"', 'model_provider="scripted"']
    given.arguments = [word for each in words for word in ("-c", each)]
    return given


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_it_asks_and_goes_on_with_the_answer(
    agent: Agent, model: Model, worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(agent)
    if (rooms := found_out(worker.layout)).level != "full":
        pytest.skip("; ".join(rooms.lacks))
    path = os.pathsep.join([*(str(each) for each in (NPM, NODE)), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    ask = call("ask_human", question=QUESTION, choices=CHOICES)
    tell = call("progress", text="I have asked.")
    play = model.play(turn(ask), turn(tell), turn("It is to be blue."))
    worker.take(worker.made(room="full"))
    worker.run(
        "Ask which colour it is to be.",
        kind="agent",
        agent=agent.name,
        secrets=agent.environment(model.url, play.key),
        options=options(agent, model.url),
        timeout=WITHIN,
    )
    asked = worker.server.until_said(Asked, limit=WITHIN)
    assert (asked.question, asked.choices) == (QUESTION, CHOICES)
    worker.server.send(Answer(7, 1, 0, choice="blue"))
    finished = worker.server.until_said(StageFinished, limit=WITHIN)
    log = worker.server.log().decode()
    assert (finished.how, finished.code, play.left) == ("exit", 0, 0), log
    assert "blue" in play.results[0]
    assert "It is to be blue." in log
    entries = [entry for each in worker.server.bodies(Transcript) for entry in each.entries]
    assert [entry.text for entry in entries if entry.kind == "question"] == [QUESTION]
    assert [entry.text for entry in entries if entry.data.get("progress")] == ["I have asked."]
