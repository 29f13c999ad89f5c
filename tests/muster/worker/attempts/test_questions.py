"""An agent's permission request outlives its daemon: it is reported once, and answered once."""

import pytest

from muster.protocol.frames import (
    AgentOptions,
    Answer,
    QuestionOpened,
    QuestionWithdrawn,
    StageFinished,
)
from tests.muster.worker.attempts.listening_claude import install, message
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

DENIED = Answer(7, 1, 0, permission="deny", comment="Use tox.")


@pytest.fixture
def asking(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> WorkerHome:
    """A worker whose claude asks for a permission, once it runs."""
    install(worker, monkeypatch)
    return worker


def run(worker: WorkerHome) -> QuestionOpened:
    options = AgentOptions(approvals="ask")
    worker.run("WORK and ASK", kind="agent", agent="claude", options=options)
    asked = worker.server.wait_for_report(QuestionOpened)
    assert isinstance(asked, QuestionOpened)
    return asked


def ended_with_one_decision(worker: WorkerHome, decision: bytes) -> bool:
    worker.server.send(message(9, "END"))
    assert worker.server.wait_for_report(StageFinished).code == 0  # type: ignore[union-attr]
    wait_for(lambda: b"read: END" in worker.server.log())
    assert len(worker.server.bodies(QuestionOpened)) == 1
    assert worker.server.bodies(QuestionWithdrawn) == []
    log = worker.server.log()
    return log.count(b"decided:") == log.count(decision) == 1


def test_the_answer_comes_to_the_agent_of_an_earlier_daemon(asking: WorkerHome) -> None:
    asking.start()
    asked = run(asking)
    assert asked.permission is not None
    assert (asked.permission.tool, asked.permission.arguments) == ("Bash", "make")
    asking.leave()
    asking.start()
    asking.server.send(DENIED)
    wait_for(lambda: b"decided:" in asking.server.log())
    asking.server.send(Answer(7, 1, 0, permission="allow_once"))
    assert ended_with_one_decision(asking, b"decided: deny Use tox.")


@pytest.mark.parametrize("is_answered", [False, True], ids=["open", "answered"])
def test_a_daemon_that_is_killed_meanwhile_changes_nothing(
    asking: WorkerHome, is_answered: bool
) -> None:
    asking.spawn()
    run(asking)
    if is_answered:
        asking.server.send(DENIED)
    asking.kill()
    asking.spawn()
    for _ in range(2):
        asking.server.send(DENIED)
    wait_for(lambda: b"decided:" in asking.server.log())
    assert ended_with_one_decision(asking, b"decided: deny Use tox.")
