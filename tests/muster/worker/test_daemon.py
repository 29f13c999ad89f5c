import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    Checkpoint,
    Drain,
    Drained,
    Lost,
    Publish,
    Published,
    StageFinished,
    StageStarted,
    Stop,
    Undrain,
    WorkspaceFacts,
)
from muster.worker.daemon import Daemon
from muster.worker.home_lock import HomeInUse
from muster.worker.layout import Layout
from muster.worker.server.credentials import CredentialStore
from muster.worker.shim import client as shim_client
from tests.muster.worker.fake_server import fake_server
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import SOURCES, WorkerHome, worker

__all__ = ["repository", "root", "worker"]

COUNTING = "for n in $(seq 1 25); do echo line $n; sleep 0.04; done"
COUNTED = b"".join(b"line %d\r\n" % n for n in range(1, 26))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)


def count(worker: WorkerHome, kind: type) -> int:
    return len(worker.server.bodies(kind))


def test_a_stage_outlives_a_killed_daemon_without_a_hole(worker: WorkerHome) -> None:
    server = worker.server
    worker.spawn("--label", "gpu=true")
    assert server.hellos[-1].labels == {"gpu": "true"}
    worker.run(COUNTING)
    server.wait_for(lambda: b"line 5" in server.log())
    worker.kill(signal.SIGKILL)
    assert worker.stages()

    worker.spawn()
    assert server.hellos[-1].labels == {}
    held = server.hellos[-1].attempts
    assert [(a.task_id, a.attempt, a.stage_index, a.state) for a in held] == [(7, 1, 0, "working")]
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: len(server.log()) >= len(COUNTED))
    assert server.log() == COUNTED
    for kind in (Accepted, StageStarted, Checkpoint, StageFinished):
        assert count(worker, kind) == 1


def test_a_stage_that_ended_while_there_was_no_daemon_is_finished_by_the_next(
    worker: WorkerHome,
) -> None:
    server = worker.server
    marker = worker.layout.home.parent / "go"
    marker.touch(0o666)
    worker.spawn()
    worker.run(f"echo up; while [ -e {marker} ]; do sleep 0.02; done; echo x > x; echo bye")
    server.wait_for(lambda: b"up" in server.log())
    worker.kill(signal.SIGKILL)
    marker.unlink()
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    assert shim.wait_for_exit(0, timeout=10)
    shim.close()

    worker.start()
    server.wait_for_report(StageFinished)
    assert server.wait_for_report(Checkpoint).stage_index == 0
    assert server.wait_for(lambda: server.log().endswith(b"bye\r\n"))
    worker.run("cat x", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert count(worker, Accepted) == 1


def test_a_stage_whose_shim_died_with_the_daemon_is_lost(worker: WorkerHome) -> None:
    server = worker.server
    worker.spawn()
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    pid = shim.fetch_state().pid
    shim.close()
    worker.kill(signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)

    worker.start()
    server.wait_for_report(Lost)
    assert worker.stages() == []
    worker.forget()
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")


def test_a_stage_whose_shim_dies_is_lost(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    os.kill(shim.fetch_state().pid, signal.SIGKILL)
    shim.close()
    server.wait_for_report(Lost)
    assert worker.stages() == []


def test_a_stopped_daemon_leaves_its_stages_running(worker: WorkerHome) -> None:
    server = worker.server
    worker.spawn()
    worker.run(COUNTING)
    server.wait_for(lambda: b"line 3" in server.log())
    assert worker.kill(signal.SIGTERM) == 0
    assert worker.stages()
    worker.start()
    server.wait_for_report(StageFinished)
    assert server.wait_for(lambda: len(server.log()) == len(COUNTED))
    assert server.log() == COUNTED


def test_a_daemon_that_is_to_stop_agents_leaves_nothing(worker: WorkerHome) -> None:
    server = worker.server
    worker.spawn("--stop-agents-on-exit")
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    assert worker.kill(signal.SIGTERM) == 0
    assert worker.stages() == []
    assert shim_client.attach(worker.layout.attempt(AttemptKey(7, 1))) is None


def test_an_order_that_was_only_taken_comes_again(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("true")
    server.wait_for_report(StageFinished)
    worker.leave()
    worker.start()
    held = server.hellos[-1].attempts
    assert [(a.stage_index, a.state) for a in held] == [(0, "waiting")]
    worker.run("true", stage_index=1)
    server.wait_for_report(StageFinished, 2)


def test_a_start_clears_away_what_belongs_to_no_attempt(worker: WorkerHome) -> None:
    stray = worker.layout.attempt(AttemptKey(9, 9))
    stray.mkdir(mode=0o700)
    shim_client.launch(stray).close()
    workspace = worker.layout.workspace(AttemptKey(9, 9))
    workspace.mkdir()
    (workspace / "file").touch()
    worker.start()
    assert not stray.exists()
    assert not workspace.exists()
    assert worker.server.hellos[-1].attempts == []


def test_a_draining_machine_says_when_nothing_is_left(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("true")
    server.wait_for_report(StageFinished)
    server.send(Drain())
    server.send(Undrain())
    server.send(Drain())
    worker.forget()
    server.wait_for_report(Drained)
    kinds = [type(body).__name__ for body in server.bodies()]
    assert kinds.index("Drained") > kinds.index("StageFinished")
    assert kinds.count("Drained") == 1


def test_a_machine_is_drained_although_it_keeps_the_workspace_of_what_has_ended(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    server.send(Drain())
    server.wait_for_report(Drained)
    worker.run("true")
    server.wait_for_report(StageFinished)
    server.send(Publish(7, 1))
    server.wait_for_report(Published)
    server.wait_for_report(Drained, 2)
    assert worker.layout.workspace(AttemptKey(7, 1)).exists()
    worker.leave()
    worker.start()
    server.send(Drain())
    server.wait_for_report(Drained, 3)


@pytest.mark.parametrize("script", ["exit 3", "kill -9 $$"])
def test_a_machine_is_drained_when_its_last_stage_has_failed(
    worker: WorkerHome, script: str
) -> None:
    server = worker.start().server
    flag = worker.layout.home.parent / "go"
    worker.run(f"echo up; until [ -e {flag} ]; do sleep 0.02; done; {script}")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Drain())
    flag.touch(0o666)
    server.wait_for_report(StageFinished)
    server.wait_for_report(Drained)


def test_a_stopped_attempt_leaves_the_machine_drained(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Drain())
    server.send(Stop(7, 1, "drained"))
    server.wait_for_report(Drained)
    kinds = [type(body).__name__ for body in server.bodies()]
    assert kinds.index("Drained") > kinds.index("Stopped")


def test_what_waits_for_a_person_or_an_order_is_left_on_the_machine(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("true")
    server.wait_for_report(StageFinished)
    server.send(Drain())
    worker.run("true", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    worker.run("true", stage_index=2)
    server.wait_for_report(StageFinished, 3)
    assert count(worker, Drained) == 0
    server.send(Stop(7, 1, "handed_over"))
    server.wait_for_report(Drained)
    assert worker.layout.workspace(AttemptKey(7, 1)).exists()


def test_a_home_has_one_worker(worker: WorkerHome) -> None:
    worker.start()
    with pytest.raises(HomeInUse):
        Daemon(worker.layout.home)


def test_a_log_survives_cuts_while_a_stage_runs(worker: WorkerHome) -> None:
    server = worker.start().server
    flag = worker.layout.home.parent / "go"
    many = "for n in $(seq 1 20000); do echo line number $n of many; done"
    worker.run(f"until [ -e {flag} ]; do sleep 0.02; done; {many}")
    # The fake sends an order once; a server repeats it until it gets a report.
    server.wait_for_report(StageStarted)
    server.line.cut_after(20_000, 50_000, 1, 400)
    flag.touch(0o666)
    finished = server.wait_for_report(StageFinished)
    server.wait_for(lambda: len(server.log()) >= finished.log_end)
    expected = b"".join(b"line number %d of many\r\n" % n for n in range(1, 20_001))
    assert server.log() == expected
    assert finished.log_end == len(expected)
    assert not server.line.cuts


def test_the_command_line_enrolls_and_says_what_went_wrong(root: Path) -> None:
    with fake_server() as server:
        home = ["--home", str(root / "home")]
        token = ["--server", server.url, "--token", "-", "--name", "m", "--slots", "3"]
        assert _worker("enroll", *home, *token, given="mst_enroll_x\n").returncode == 0
        assert server.requests[0][1]["token"] == "mst_enroll_x"
        assert server.requests[0][1]["slots"] == 3
        again = _worker("enroll", *home, *token)
        assert again.returncode == 1
        assert "already enrolled" in again.stderr
    assert CredentialStore(Layout(root / "home").credentials).load().name == "m"


def test_without_enrollment_the_worker_says_so(root: Path) -> None:
    ended = _worker("run", "--home", str(root / "home"))
    assert ended.returncode == 1
    assert "enroll first" in ended.stderr
    assert "Traceback" not in ended.stderr


def _worker(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "muster", "worker", *arguments],
        cwd=SOURCES,
        input=given,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
