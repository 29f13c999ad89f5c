"""People's messages change what the real claude does, through a worker without the server."""

import json
from typing import Any

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    AgentMessage,
    AgentOptions,
    Answer,
    Interrupt,
    PromptMessage,
    QuestionOpened,
)
from tests.agents.agents import CLAUDE
from tests.agents.marks import needs_agent
from tests.agents.model.play import Play
from tests.agents.model.script import Step, Turn, call, turn
from tests.agents.model.server import Model
from tests.agents.steered_stage import TIMEOUT_SECONDS, SteeredStage, sleep_seconds
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

pytestmark = needs_agent(CLAUDE)


class ClaudeStage(SteeredStage):
    """A stage of the real claude, which may run commands."""

    def __init__(
        self, worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch, *steps: Step
    ) -> None:
        super().__init__(CLAUDE, worker, model, monkeypatch, *steps)

    def start(self, text: str = "Do A.", **more: Any) -> None:
        super().start(text, **{"options": AgentOptions(permissions="run"), **more})


def requests(play: Play) -> list[str]:
    """What the model was asked, each time with all that was before."""
    return [json.dumps(seen.body["messages"]) for seen in play.seen if seen.kind == "main"]


def test_a_message_while_a_command_runs_is_in_the_next_request(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = "while [ ! -e go ]; do sleep 0.1; done; echo gone"
    run: Turn = turn(call("run", command=wait))
    stage = ClaudeStage(worker, model, monkeypatch, run, turn("I do B."))
    worker.start()
    stage.start()
    stage.wait_for_command("! -e go")
    worker.server.send(AgentMessage(7, 1, 4, "Do B instead.", "Ada"))
    stage.wait_for_mail("handed")
    assert stage.outcomes() == []
    (worker.layout.workspace(AttemptKey(7, 1)) / "go").touch()
    finished = stage.wait_for_end()
    assert (finished.how, finished.code) == ("exit", 0), worker.server.log()
    assert stage.outcomes() == [(4, "delivered")]
    assert "Do B instead." in requests(stage.play)[1]
    assert stage.messages() == [(4, "Ada", "Do B instead.")]


def test_an_urgent_message_stops_the_command_first(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sleep_seconds()
    run = turn(call("run", command=command))
    stage = ClaudeStage(worker, model, monkeypatch, run, turn("I do B."))
    worker.start()
    stage.start()
    stage.wait_for_command(command.split()[1])
    worker.server.send(AgentMessage(7, 1, 4, "Do B instead.", "Ada", "now"))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    assert stage.outcomes() == [(4, "delivered")]
    assert "Do B instead." in requests(stage.play)[1]


def test_an_interrupted_agent_asks_and_gets_the_answer(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sleep_seconds()
    run = turn(call("run", command=command))
    stage = ClaudeStage(worker, model, monkeypatch, run, turn("I do C."))
    worker.start()
    stage.start()
    stage.wait_for_command(command.split()[1])
    worker.server.send(Interrupt(7, 1, 1, "Ada"))
    asked = worker.server.wait_for_report(QuestionOpened, limit=TIMEOUT_SECONDS)
    assert (asked.question, asked.interrupt) == ("Stopped by Ada. What now?", 1)
    worker.server.send(Interrupt(7, 1, 1, "Ada"))
    worker.server.send(Answer(7, 1, asked.number, input="Do C."))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    assert "Do C." in requests(stage.play)[1]
    assert len(worker.server.bodies(QuestionOpened)) == 1


def test_a_message_reaches_the_agent_through_a_restart_of_the_daemon(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = "while [ ! -e go ]; do sleep 0.1; done; echo gone"
    run = turn(call("run", command=wait))
    stage = ClaudeStage(worker, model, monkeypatch, run, turn("I do B."))
    worker.start()
    stage.start(messages=[PromptMessage(3, "Mei", "And test it.")])
    stage.wait_for_command("! -e go")
    order = AgentMessage(7, 1, 4, "/clear\n{}", "Ada")
    worker.server.send(order)
    stage.wait_for_mail("handed")
    worker.leave()
    worker.start()
    worker.server.send(order)
    (worker.layout.workspace(AttemptKey(7, 1)) / "go").touch()
    assert stage.wait_for_end().code == 0
    assert stage.outcomes() == [(4, "delivered")]
    first, second = requests(stage.play)
    assert "Mei:\\nAnd test it." in first
    assert second.count("Message from Ada:\\n\\n/clear\\n{}") == 1
    assert stage.messages() == [(3, "Mei", "And test it."), (4, "Ada", "/clear\n{}")]
