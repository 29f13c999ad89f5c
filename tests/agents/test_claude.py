"""One real agent where the whole suite runs; the others in `make agents`."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from muster.protocol.frames import (
    AgentOptions,
    Publish,
    Published,
    StageFinished,
    Transcript,
    TranscriptUpdated,
)
from tests.agents import agent_setup
from tests.agents.agents import CLAUDE, NODE, NPM, Agent
from tests.agents.marks import needs_agent
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.testbed import PACKAGE, PROMPT, RIGHT, TEST, AgentTestbed, repair
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["repository", "root", "worker"]


@needs_agent(CLAUDE)
def test_claude_repairs_a_package_where_the_model_says_how(
    testbed: Callable[[Agent], AgentTestbed],
) -> None:
    at = testbed(CLAUDE)
    play = at.model.play(*repair())
    ended = at.ask(play)
    assert (ended.status, play.left) == (0, 0), ended.stderr
    assert at.is_repaired


@needs_agent(CLAUDE)
def test_a_worker_has_claude_repair_a_package_and_pushes_it(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.repository.commit({"arithmetic/__init__.py": PACKAGE, "arithmetic/test_double.py": TEST})
    monkeypatch.setenv("PATH", os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]]))
    play = model.play(*repair())
    way = agent_setup.setup_for(CLAUDE, model.url, play.key)
    options = AgentOptions(permissions="run")
    worker.start()
    stage: dict[str, Any] = {"kind": "agent", "agent": "claude", "options": options}
    worker.run(PROMPT, env=way.environment, secrets=way.secrets, **stage)
    finished = worker.server.wait_for_report(StageFinished)
    assert (finished.how, finished.code, play.left) == ("exit", 0, 0), worker.server.log()
    worker.server.send(Publish(7, 1))
    worker.server.wait_for_report(Published)
    pushed = worker.repository.git("show", f"{BRANCH}:arithmetic/__init__.py")
    assert RIGHT.strip() in pushed


@needs_agent(CLAUDE)
def test_a_worker_reports_what_claude_does_while_it_does_it(
    worker: WorkerHome, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.repository.commit({"a": "1"})
    monkeypatch.setenv("PATH", os.pathsep.join([str(NPM), str(NODE), os.environ["PATH"]]))
    play = model.play(turn("I wait.", call("run", command="sleep 3; echo waited")), turn("Done."))
    way = agent_setup.setup_for(CLAUDE, model.url, play.key)
    worker.start()
    stage: dict[str, Any] = {"kind": "agent", "agent": "claude"}
    options = AgentOptions(permissions="run")
    worker.run(PROMPT, env=way.environment, secrets=way.secrets, options=options, **stage)
    finished = worker.server.wait_for_report(StageFinished, limit=90)
    assert (finished.how, finished.code) == ("exit", 0), worker.server.log()
    reports = worker.server.bodies()
    started = [
        (report.first + place, entry)
        for report in reports
        if isinstance(report, Transcript)
        for place, entry in enumerate(report.entries)
        if entry.state == "running"
    ]
    [(number, running)] = started
    assert (running.kind, running.title, running.text) == ("command", "sleep 3; echo waited", "")
    changes = [report for report in reports if isinstance(report, TranscriptUpdated)]
    [updated] = [each for report in changes for each in report.entries]
    assert (updated.number, updated.entry.state) == (number, "done")
    assert "waited" in updated.entry.text
    assert updated.entry.finished_ms is not None
    assert updated.entry.finished_ms - updated.entry.at_ms > 2000
