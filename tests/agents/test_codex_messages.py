"""People's messages change what the real codex does, through a worker without the server."""

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import AgentMessage, Answer, Interrupt, PromptMessage, QuestionOpened
from tests.agents.agents import CODEX
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.steered_stage import TIMEOUT_SECONDS, WAIT, SteeredStage, sleep_seconds
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

pytestmark = needs_agent(CODEX)


def test_a_message_is_steered_into_the_turn_and_through_a_restart_of_the_daemon(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = turn(call("run", command=WAIT))
    stage = SteeredStage(CODEX, worker, model, monkeypatch, run, turn("I do B."))
    worker.start()
    stage.start(messages=[PromptMessage(3, "Mei", "And test it.")])
    stage.wait_for_command("! -e go")
    order = AgentMessage(7, 1, 4, "/compact\n{}", "Ada")
    worker.server.send(order)
    stage.wait_for_mail("handed")
    assert stage.outcomes() == []
    worker.leave()
    worker.start()
    worker.server.send(order)
    (worker.layout.workspace(AttemptKey(7, 1)) / "go").touch()
    finished = stage.wait_for_end()
    assert (finished.how, finished.code) == ("exit", 0), worker.server.log()
    assert stage.outcomes() == [(4, "delivered")]
    first, second = stage.requests()
    assert "Mei:\\nAnd test it." in first
    assert second.count("Message from Ada:\\n\\n/compact\\n{}") == 1
    assert stage.messages() == [(3, "Mei", "And test it."), (4, "Ada", "/compact\n{}")]


def test_an_urgent_message_stops_the_command_and_brings_the_one_before_it(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sleep_seconds()
    run = turn(call("run", command=command))
    stage = SteeredStage(CODEX, worker, model, monkeypatch, run, turn("I do B."))
    worker.start()
    stage.start()
    stage.wait_for_command(command.split()[1])
    worker.server.send(AgentMessage(7, 1, 4, "Do B instead.", "Ada"))
    stage.wait_for_mail("handed")
    worker.server.send(AgentMessage(7, 1, 5, "At once.", "Bo", "now"))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    assert stage.outcomes() == [(4, "delivered"), (5, "delivered")]
    assert stage.requests()[1].count("Do B instead.") == 1
    assert stage.requests()[1].count("At once.") == 1


def test_an_interrupted_codex_ends_its_command_asks_and_gets_the_answer(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sleep_seconds()
    run = turn(call("run", command=command))
    stage = SteeredStage(CODEX, worker, model, monkeypatch, run, turn("I do C."))
    worker.start()
    stage.start()
    stage.wait_for_command(command.split()[1])
    worker.server.send(Interrupt(7, 1, 1, "Ada"))
    asked = worker.server.wait_for_report(QuestionOpened, limit=TIMEOUT_SECONDS)
    assert (asked.question, asked.interrupt) == ("Stopped by Ada. What now?", 1)
    worker.server.send(Answer(7, 1, asked.number, input="Do C."))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    assert "Do C." in stage.requests()[1]
