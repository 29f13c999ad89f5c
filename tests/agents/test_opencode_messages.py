"""People's messages change what the real opencode does, through a worker without the server."""

import pytest

from muster.protocol.frames import AgentMessage, Answer, Interrupt, QuestionOpened
from tests.agents.agents import OPENCODE
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.steered_stage import TIMEOUT_SECONDS, SteeredStage, sleep_seconds
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

pytestmark = needs_agent(OPENCODE)


def test_messages_and_an_interrupt_start_further_processes_of_one_session(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps = [sleep_seconds(), sleep_seconds()]
    first, second = (turn("I wait.", call("run", command=each)) for each in sleeps)
    stage = SteeredStage(OPENCODE, worker, model, monkeypatch, first, second, turn("I do C."))
    worker.start()
    stage.start()
    stage.wait_for_command(sleeps[0].split()[1])
    worker.server.send(AgentMessage(7, 1, 4, "Do B instead.", "Ada"))
    worker.server.send(AgentMessage(7, 1, 5, "At once.", "Bo", "now"))
    stage.wait_for_command(sleeps[1].split()[1])
    wait_for(lambda: stage.outcomes() == [(4, "delivered"), (5, "delivered")], TIMEOUT_SECONDS)
    worker.server.send(Interrupt(7, 1, 1, "Ada"))
    asked = worker.server.wait_for_report(QuestionOpened, limit=TIMEOUT_SECONDS)
    assert (asked.question, asked.interrupt) == ("Stopped by Ada. What now?", 1)
    worker.server.send(Answer(7, 1, asked.number, input="Do C."))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    one, two, three = stage.requests()
    assert ("Do A." in one, "At once." in one) == (True, False)
    assert two.count("Do B instead.") == two.count("At once.") == two.count("Do A.") == 1
    assert ("Do C." in two, "Do C." in three) == (False, True)
    assert stage.messages() == [(4, "Ada", "Do B instead."), (5, "Bo", "At once.")]
