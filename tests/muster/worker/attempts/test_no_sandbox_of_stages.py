"""A stage whose own sandbox can't be created starts again, or another machine continues."""

import threading
from pathlib import Path

import pytest

from muster.protocol.frames import Checkpoint, Failed, Lost, StageFinished, StageStarted
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.finish import StageFinisher
from muster.worker.shim.wire import StageExit
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.attempts.test_no_sandbox import (
    KEY,
    NO_CHECKPOINTS,
    is_noted,
    run_first,
    soon,
)
from tests.muster.worker.broken_sandboxes import FAILS, break_sandboxes
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "soon", "worker"]

STAGES = "*muster-sandbox-*) ;; *sandbox.init*"  # not the machine's checks


def test_a_stage_whose_own_sandbox_is_not_made_starts_again(
    worker: WorkerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = break_sandboxes(tmp_path, monkeypatch, "*sandbox.init*")
    server = worker.start().server
    run_first(worker, pushed=False)
    rooms.touch()
    worker.run("cat one; echo ran", stage_index=1)
    server.wait_for(
        lambda: is_noted(worker, "starting the stage: retrying once this machine is healthy")
    )
    rooms.unlink()
    server.wait_for_report(StageFinished, 2)
    assert server.log().count(b"ran") == 1
    assert server.bodies(Failed) + server.bodies(Lost) == []
    assert len(server.bodies(StageStarted)) == 2


@pytest.fixture
def inits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists no stage can have a sandbox; everything else can."""
    return break_sandboxes(tmp_path, monkeypatch, "*sandbox.init*")


@pytest.mark.parametrize("has_earlier_work", [False, True])
def test_a_stage_whose_own_sandbox_fails_once_starts_again(
    worker: WorkerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_earlier_work: bool
) -> None:
    """The machine's check found nothing any more, and the attempt was lost."""
    once = f"rm {tmp_path / 'broken'}; {FAILS}"
    rooms = break_sandboxes(tmp_path, monkeypatch, STAGES, once)
    server = worker.start().server
    if has_earlier_work:
        run_first(worker, pushed=True)
    rooms.touch()
    worker.run("echo ran", stage_index=int(has_earlier_work))
    server.wait_for_report(StageFinished, 1 + has_earlier_work)
    assert is_noted(worker, "starting the stage: retrying in 0 s")
    assert server.log().count(b"ran") == 1
    assert server.bodies(Failed) + server.bodies(Lost) == []
    assert len(server.bodies(StageStarted)) == 1 + has_earlier_work


@pytest.mark.parametrize("has_earlier_work", [False, True])
def test_a_stage_whose_own_sandbox_is_not_made_continues_elsewhere(
    worker: WorkerHome, inits: Path, has_earlier_work: bool
) -> None:
    server = worker.start().server
    if has_earlier_work:
        run_first(worker, pushed=True)
    inits.touch()
    worker.run("echo ran", stage_index=int(has_earlier_work))
    failed = server.wait_for_report(Failed)
    assert (failed.code, failed.is_unhealthy) == ("sandbox_unavailable", True)
    assert worker.layout.workspace(KEY).exists() == has_earlier_work


def begin_again(worker: WorkerHome, connections: int, stage: int = 1) -> None:
    """On a connection on which the machine names only the stage before, and does nothing."""
    server = worker.server
    server.wait_until_connected(connections)
    # A busy machine may have connected more often.
    server.wait_for(lambda: server.hellos[-1].attempts[0].stage_index == stage - 1)
    server.wait_until_connected(len(server.hellos))
    assert server.hellos[-1].attempts[0].state == "waiting"
    worker.run("cat one; echo ran", stage_index=stage)
    server.wait_for_report(StageFinished, stage + 1)
    assert server.log().count(b"ran") == 1
    assert (b"one\r\n" in server.log()) == (stage > 0)
    assert server.bodies(Failed) + server.bodies(Lost) == []
    assert len(server.bodies(StageStarted)) == stage + 1


def test_a_stage_that_waits_for_its_sandbox_starts_again_after_a_restart(
    worker: WorkerHome, inits: Path
) -> None:
    server = worker.start().server
    run_first(worker, pushed=False)
    inits.touch()
    worker.run("cat one; echo ran", stage_index=1)
    server.wait_for(
        lambda: is_noted(worker, "starting the stage: retrying once this machine is healthy")
    )
    worker.leave()
    inits.unlink()
    worker.start()
    begin_again(worker, 2)


def test_a_tunnel_that_closes_before_it_begins_again_makes_no_checkpoint_of_it(
    worker: WorkerHome, inits: Path
) -> None:
    """That would pass for the one of the stage's end, which would be without the stage's work."""
    server = worker.start().server
    run_first(worker, pushed=True)
    worker.repository.hook("update", NO_CHECKPOINTS)
    worker.run("echo two > two", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    inits.touch()
    worker.run("cat two", stage_index=2)
    server.wait_for(
        lambda: is_noted(worker, "starting the stage: retrying once this machine is healthy")
    )
    worker.leave()
    inits.unlink()
    worker.repository.hook("update", "exit 0")
    worker.start()
    (worker.layout.workspace(KEY) / "late").touch()
    assert worker.daemon is not None
    attempt = worker.daemon._orders.attempts.find(KEY)
    assert attempt is not None
    assert attempt.checkpoint_user_changes(None)
    assert len(server.bodies(Checkpoint)) == 1


@pytest.mark.parametrize("stage", [0, 1])
def test_a_stage_whose_sandbox_was_not_made_during_a_restart_starts_again(
    worker: WorkerHome, inits: Path, monkeypatch: pytest.MonkeyPatch, stage: int
) -> None:
    server = worker.start().server
    if stage:
        run_first(worker, pushed=False)
    inits.touch()
    ended = threading.Event()
    with monkeypatch.context() as leaving:
        leaving.setattr(StageFinisher, "report_exit", lambda *_: ended.set())
        worker.run("cat one; echo ran", stage_index=stage)
        assert ended.wait(10)
        worker.leave()
    inits.unlink()
    go_on, conclude = threading.Event(), StageFinisher.report_exit

    def held_up(ending: StageFinisher, kept: AttemptState, end: StageExit) -> None:
        assert go_on.wait(10)
        conclude(ending, kept, end)

    monkeypatch.setattr(StageFinisher, "report_exit", held_up)
    worker.start()
    assert server.hellos[-1].attempts[0].stage_index == stage, "it was begun"
    go_on.set()
    begin_again(worker, 3, stage)
