"""If no sandbox can be created, each step of an attempt waits, or another machine continues: no
task fails for it, and no work is lost."""

from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Checkpoint,
    Failed,
    Lost,
    Note,
    Publish,
    Published,
    StageFinished,
    StageStarted,
    Stop,
    Stopped,
)
from muster.worker.attempts import no_sandbox
from muster.worker.attempts.no_sandbox import Step, Wait, decide_verdict
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.broken_sandboxes import WORDS, break_sandboxes
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

STORING = (Step.FIND_USER_CHANGES, Step.CHECKPOINT)
KEY = AttemptKey(7, 1)
WAITS = f"retrying once this machine is healthy: bwrap: {WORDS}"
# Refused checkpoints exist only on this machine.
NO_CHECKPOINTS = 'case "$1" in refs/muster/*) echo never >&2; exit 1;; esac'


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.daemon.RECHECK_DELAYS_SECONDS", (0.2, 1.0))
    monkeypatch.setattr(no_sandbox, "UNHEALTHY_PAUSE_SECONDS", 0.05)


@pytest.fixture
def broken_sandboxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists no sandbox can be created."""
    return break_sandboxes(tmp_path, monkeypatch)


def is_noted(worker: WorkerHome, text: str) -> bool:
    return any(text in note.text for note in worker.server.bodies(Note))


def run_first(worker: WorkerHome, *, pushed: bool) -> None:
    """Run a stage whose work is also at the remote, or isn't."""
    if not pushed:
        worker.repository.hook("update", NO_CHECKPOINTS)
    worker.run("echo one > one")
    worker.server.wait_for_report(StageFinished)
    assert bool(worker.server.bodies(Checkpoint)) == pushed


# The rule


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("is_all_pushed", [False, True])
def test_an_unhealthy_machine_keeps_what_it_alone_has(step: Step, is_all_pushed: bool) -> None:
    found = decide_verdict(step, is_unhealthy=True, is_all_pushed=is_all_pushed, tries=0)
    is_given_away = is_all_pushed and step not in STORING
    assert found == ("hand over" if is_given_away else Wait(no_sandbox.UNHEALTHY_PAUSE_SECONDS))


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("is_all_pushed", [False, True])
def test_a_healthy_machine_tries_a_few_times(
    monkeypatch: pytest.MonkeyPatch, step: Step, is_all_pushed: bool
) -> None:
    monkeypatch.setattr(no_sandbox, "RETRY_PAUSES_SECONDS", (1.0, 4.0))
    found = [
        decide_verdict(step, is_unhealthy=False, is_all_pushed=is_all_pushed, tries=tries)
        for tries in (1, 2, 3)
    ]
    assert found == [Wait(1.0), Wait(4.0), "go on" if step in STORING else "hand over"]


# Each step


def test_the_last_stages_work_waits_for_the_sandbox_that_it_needs(
    worker: WorkerHome, broken_sandboxes: Path
) -> None:
    server = worker.start().server
    worker.run("echo one > one; echo ran; until [ -e go ]; do sleep 0.05; done")
    server.wait_for(lambda: b"ran" in server.log())
    broken_sandboxes.touch()
    (worker.layout.workspace(KEY) / "go").touch()
    server.wait_for(lambda: is_noted(worker, f"making the checkpoint: {WAITS}"))
    assert server.bodies(StageFinished) == []
    broken_sandboxes.unlink()
    assert server.wait_for_report(Checkpoint).diff.files_changed == 2
    server.wait_for_report(StageFinished)
    assert server.bodies(Failed) == []


def test_between_two_stages_what_only_this_machine_has_waits(
    worker: WorkerHome, broken_sandboxes: Path
) -> None:
    """Two stages succeeded, and their task failed when its workspace was read: that was lost."""
    server = worker.start().server
    run_first(worker, pushed=False)
    broken_sandboxes.touch()
    worker.run("cat one", stage_index=1)
    server.wait_for(lambda: is_noted(worker, "with its checkpoint: retrying"))
    broken_sandboxes.unlink()
    server.wait_for_report(StageFinished, 2)
    assert b"one" in server.log()
    assert server.bodies(Failed) + server.bodies(Lost) == []


def test_between_two_stages_pushed_work_continues_elsewhere(
    worker: WorkerHome, broken_sandboxes: Path
) -> None:
    server = worker.start().server
    run_first(worker, pushed=True)
    broken_sandboxes.touch()
    worker.run("cat one", stage_index=1)
    failed = server.wait_for_report(Failed)
    assert (failed.code, failed.is_unhealthy) == ("sandbox_unavailable", True)
    assert WORDS in failed.message


def test_what_an_agent_needs_in_its_home_is_waited_for(
    worker: WorkerHome, broken_sandboxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server
    run_first(worker, pushed=False)

    def furniture(*_: object) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
        broken_sandboxes.touch()
        return [("needed", "for the agent")], ()

    monkeypatch.setattr("muster.worker.agents.stage_command.home_setup_files", furniture)
    worker.run("cat ~/needed", stage_index=1)
    server.wait_for(lambda: is_noted(worker, f"preparing the agent's home: {WAITS}"))
    broken_sandboxes.unlink()
    server.wait_for_report(StageFinished, 2)
    assert b"for the agent" in server.log()


def test_a_push_waits_for_the_sandbox_that_it_needs(
    worker: WorkerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must push what no checkpoint has, because the machine was healthy then."""
    (tmp_path / "take").mkdir()
    taking = break_sandboxes(tmp_path / "take", monkeypatch, "*pack-objects*")
    rooms = break_sandboxes(tmp_path, monkeypatch)
    taking.touch()
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    assert is_noted(worker, f"checkpoint refused: bwrap: {WORDS}")
    assert server.bodies(Checkpoint) == []
    rooms.touch()
    taking.unlink()
    server.send(Publish(7, 1))
    server.wait_for(lambda: is_noted(worker, f"pushing: {WAITS}"))
    rooms.unlink()
    assert server.wait_for_report(Published).diff.files_changed == 1
    assert server.bodies(Failed) + server.bodies(Lost) == []


def test_a_healthy_machine_that_makes_no_sandbox_loses_the_attempt_and_fails_nothing(
    worker: WorkerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = break_sandboxes(tmp_path, monkeypatch, "*status*")
    server = worker.start().server
    run_first(worker, pushed=True)
    rooms.touch()
    worker.run("cat one", stage_index=1)
    assert WORDS in server.wait_for_report(Lost).reason
    assert server.bodies(Failed) == []


def test_a_daemon_that_leaves_meanwhile_reports_nothing(
    worker: WorkerHome, broken_sandboxes: Path
) -> None:
    server = worker.start().server
    run_first(worker, pushed=False)
    broken_sandboxes.touch()
    worker.run("cat one", stage_index=1)
    server.wait_for(lambda: is_noted(worker, WAITS))
    worker.leave()
    broken_sandboxes.unlink()
    worker.start()
    worker.run("cat one", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert server.bodies(Failed) + server.bodies(Lost) == []


def test_people_may_stop_what_waits(worker: WorkerHome, broken_sandboxes: Path) -> None:
    server = worker.start().server
    run_first(worker, pushed=False)
    broken_sandboxes.touch()
    worker.run("cat one", stage_index=1)
    server.wait_for(lambda: is_noted(worker, WAITS))
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert server.bodies(Failed) + server.bodies(Lost) == []
    assert len(server.bodies(StageStarted)) == 1
