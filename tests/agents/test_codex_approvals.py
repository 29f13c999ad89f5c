"""The real codex asks people before it acts, through a worker without the server."""

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import AgentOptions, Answer, QuestionOpened
from tests.agents.agents import CODEX
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.steered_stage import TIMEOUT_SECONDS, SteeredStage
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

pytestmark = needs_agent(CODEX)


def test_it_changes_its_folder_asks_about_other_files_and_may_ask_people(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own requests to use our tools aren't a way around: nothing but a question asks people."""
    inside = call("write", path="inside.txt", text="in\n")
    outside = call("write", path="../outside.txt", text="out\n")
    ask = call("ask_human", question="Which colour?")
    steps = (turn(inside), turn(outside), turn(ask), turn("Done."))
    stage = SteeredStage(CODEX, worker, model, monkeypatch, *steps)
    worker.start()
    options = AgentOptions(**{**stage._way.options, "approvals": "ask"})
    stage.start(options=options)

    def questions() -> list[QuestionOpened]:
        return worker.server.bodies(QuestionOpened)

    wait_for(lambda: len(questions()) == 1, TIMEOUT_SECONDS)
    [wanted] = questions()
    assert wanted.permission is not None
    assert wanted.permission.tool == "apply_patch"
    assert "out" in (wanted.permission.diff or "")
    workspace = worker.layout.workspace(AttemptKey(7, 1))
    assert (workspace / "inside.txt").read_text() == "in\n", "that isn't asked about"
    worker.server.send(Answer(7, 1, wanted.number, permission="deny", comment="Not there."))
    wait_for(lambda: len(questions()) == 2, TIMEOUT_SECONDS)
    asked = questions()[1]
    assert (asked.question, asked.permission) == ("Which colour?", None)
    worker.server.send(Answer(7, 1, asked.number, input="blue"))
    finished = stage.wait_for_end()
    assert (finished.how, finished.code, finished.failure) == ("exit", 0, None)
    assert not (workspace.parent / "outside.txt").exists()
    last = stage.requests()[-1]
    assert "Not there." in last
    assert "blue" in last
