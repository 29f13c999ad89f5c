"""Shims that die, hang or never come between their start and the first stage asked of them."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    Failed,
    Forget,
    Lost,
    StageFinished,
    StageStarted,
    Stop,
    Stopped,
    WorkspaceFacts,
)
from muster.worker import processes
from muster.worker.attempts.attempt_shim import _LAUNCH_PAUSES_SECONDS
from muster.worker.git.preparation import prepare_workspace
from muster.worker.processes import Process
from muster.worker.shim import client as shim_client
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]


class Spawns:
    """What becomes of each shim once it can be reached, before the daemon has spoken to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.after: Callable[[Process], None] = lambda _: None
        self.seen: list[Process] = []
        monkeypatch.setattr("muster.worker.shim.client._spawn", self._spawn)

    def first(self, number: int, act: Callable[[Process], None]) -> None:
        self.after = lambda shim: act(shim) if len(self.seen) <= number else None

    def _spawn(
        self,
        command: list[str],
        directory: Path,
        spawn: Callable[[list[str], Path], int] = shim_client._spawn,
    ) -> int:
        status = spawn(command, directory)
        if status == 0:
            (shim,) = processes.find_by_arguments(str(directory.resolve()))
            self.seen.append(shim)
            self.after(shim)
        return status


@pytest.fixture
def spawns(monkeypatch: pytest.MonkeyPatch) -> Spawns:
    monkeypatch.setattr(
        "muster.worker.attempts.attempt_shim._LAUNCH_PAUSES_SECONDS",
        (0.01,) * len(_LAUNCH_PAUSES_SECONDS),
    )
    return Spawns(monkeypatch)


def kill(shim: Process) -> None:
    processes.send_signal(shim, signal.SIGKILL)
    wait_for(lambda: is_gone(shim))


def hang(shim: Process) -> None:
    processes.send_signal(shim, signal.SIGSTOP)


def is_gone(shim: Process) -> bool:
    now = processes.find(shim.pid)
    return now is None or now.started != shim.started or not now.is_alive


def shims_of(worker: WorkerHome) -> list[Process]:
    return processes.find_by_arguments(str(worker.layout.attempt(AttemptKey(7, 1)).resolve()))


def begun_stages(worker: WorkerHome) -> list[int]:
    """Return the stages that shims have started, according to their record."""
    record = shim_client.AttemptRecord.load(worker.layout.attempt(AttemptKey(7, 1)))
    return [stage.stage_index for stage in record.stages] if record else []


@pytest.mark.parametrize("number", [1, len(_LAUNCH_PAUSES_SECONDS)])
def test_a_shim_that_is_killed_right_after_its_spawn_has_a_successor(
    worker: WorkerHome, spawns: Spawns, number: int
) -> None:
    spawns.first(number, kill)
    server = worker.start().server
    worker.run("echo ran")
    finished = server.wait_for_report(StageFinished)
    assert (finished.how, finished.code) == ("exit", 0)
    assert server.wait_for(lambda: server.log() == b"ran\r\n")
    assert len(server.bodies(Accepted)) == len(server.bodies(StageStarted)) == 1
    assert server.bodies(Failed) == server.bodies(Lost) == []
    assert len(spawns.seen) == number + 1
    assert begun_stages(worker) == [0]


def test_a_later_stages_shim_has_a_successor_too(
    worker: WorkerHome, spawns: Spawns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._IDLE_TIMEOUT_SECONDS", 0.02)
    server = worker.start().server
    worker.run("echo one")
    server.wait_for_report(StageFinished)
    wait_for(lambda: not shims_of(worker))
    spawns.first(2, kill)
    worker.run("echo two", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert server.wait_for(lambda: server.log() == b"one\r\ntwo\r\n")
    assert len(spawns.seen) == 3
    assert begun_stages(worker) == [0, 1]


def test_an_attempt_whose_shims_are_all_killed_at_their_start_is_lost_and_not_failed(
    worker: WorkerHome, spawns: Spawns
) -> None:
    spawns.after = kill
    server = worker.start().server
    worker.run("echo ran")
    assert "died at startup" in server.wait_for_report(Lost).reason
    assert server.bodies(Failed) == server.bodies(StageStarted) == []
    assert len(spawns.seen) == 1 + len(_LAUNCH_PAUSES_SECONDS)
    assert begun_stages(worker) == []
    # The machine stays in service.
    spawns.after = lambda _: None
    worker.run("true", task_id=8)
    server.wait_for_report(StageFinished)


def test_an_attempt_whose_shim_can_never_be_launched_is_lost_and_not_failed(
    worker: WorkerHome, spawns: Spawns
) -> None:
    server = worker.start().server
    lock = worker.layout.attempt(AttemptKey(7, 1)) / "lock"
    lock.mkdir(parents=True)
    worker.run("echo ran")
    assert server.wait_for_report(Lost).reason.endswith("exit status 1")
    assert server.bodies(Failed) == server.bodies(StageStarted) == []
    assert spawns.seen == shims_of(worker) == []


@pytest.mark.parametrize("scarce", ["shim-start-", "shim-link"])
def test_an_attempt_for_whose_launch_there_is_no_thread_is_lost_and_not_failed(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, scarce: str
) -> None:
    def start(thread: threading.Thread, start: Callable = threading.Thread.start) -> None:
        if thread.name.startswith(scarce):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    server = worker.start().server
    worker.run("echo ran")
    assert "new thread" in server.wait_for_report(Lost).reason
    assert server.bodies(Failed) == server.bodies(StageStarted) == []
    server.send(Forget(task_id=7, attempt=1))
    server.wait_for(lambda: not worker.layout.attempt(AttemptKey(7, 1)).exists())


def test_a_shim_that_hangs_at_its_start_is_ended_before_its_successor_comes(
    worker: WorkerHome, spawns: Spawns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_awhile(shim: Process) -> None:
        hang(shim)
        monkeypatch.setattr("muster.worker.shim.client.SHIM_TIMEOUT_SECONDS", 0.5)
        monkeypatch.setattr("muster.worker.shim.link.SHIM_TIMEOUT_SECONDS", 0.5)

    def successor(shim: Process) -> None:
        monkeypatch.setattr("muster.worker.shim.client.SHIM_TIMEOUT_SECONDS", 10.0)
        monkeypatch.setattr("muster.worker.shim.link.SHIM_TIMEOUT_SECONDS", 10.0)
        alone.append([one.pid for one in shims_of(worker)] == [shim.pid])

    alone: list[bool] = []
    spawns.after = lambda shim: (successor if len(spawns.seen) > 1 else hang_awhile)(shim)
    server = worker.start().server
    worker.run("echo ran")
    server.wait_for_report(StageFinished)
    assert alone == [True]
    assert server.wait_for(lambda: server.log() == b"ran\r\n")
    assert begun_stages(worker) == [0]


def test_a_shim_that_is_killed_while_the_workspace_is_made_has_a_successor(
    worker: WorkerHome, spawns: Spawns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare_in_the_meantime(*arguments: object) -> object:
        wait_for(lambda: spawns.seen)
        made = prepare_workspace(*arguments)  # type: ignore[arg-type]
        wait_for(worker.daemon._orders.attempts.shims)
        (connected,) = worker.daemon._orders.attempts.shims()  # type: ignore[union-attr]
        kill(spawns.seen[0])
        wait_for(lambda: connected.is_gone)
        return made

    monkeypatch.setattr(
        "muster.worker.attempts.attempt_workspace.prepare_workspace", prepare_in_the_meantime
    )
    server = worker.start().server
    worker.run("echo ran")
    server.wait_for_report(StageFinished)
    assert server.wait_for(lambda: server.log() == b"ran\r\n")
    assert server.bodies(Lost) == []
    assert len(spawns.seen) == 2


def test_a_stage_that_a_killed_shim_had_begun_is_not_begun_again(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    (shim,) = shims_of(worker)
    kill(shim)
    server.wait_for_report(Lost)
    assert begun_stages(worker) == [0]
    assert shims_of(worker) == []


def test_a_launch_is_not_tried_again_for_what_is_to_stop(
    worker: WorkerHome, spawns: Spawns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt_shim._LAUNCH_PAUSES_SECONDS", (60.0,))
    spawns.after = kill
    server = worker.start().server
    worker.run("echo ran")
    server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert server.bodies(Failed) == server.bodies(Lost) == []
    assert len(spawns.seen) == 1


def test_a_launch_is_not_tried_again_when_the_lease_is_over(
    worker: WorkerHome, spawns: Spawns
) -> None:
    worker.server.lease_seconds = 0.0
    spawns.after = kill
    worker.start().run("echo ran")
    worker.server.wait_for_report(Lost)
    assert len(spawns.seen) == 1


def test_a_daemon_that_leaves_during_a_launch_says_nothing_of_it(
    worker: WorkerHome, spawns: Spawns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt_shim._LAUNCH_PAUSES_SECONDS", (60.0,))
    spawns.after = kill
    server = worker.start().server
    worker.run("echo ran")
    server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    worker.leave()
    spawns.after = lambda _: None
    worker.start().run("echo ran")
    server.wait_for_report(StageFinished)
    assert server.bodies(Failed) == server.bodies(Lost) == []
