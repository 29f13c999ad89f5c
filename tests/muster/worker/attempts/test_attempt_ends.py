"""Orders, and the end of the lease, that end an attempt: nothing of it runs or starts."""

import signal

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Failed,
    Lost,
    StageFinished,
    StageStarted,
    Stale,
    Stop,
    Stopped,
    Undrain,
    WorkspaceFacts,
)
from muster.worker import processes
from muster.worker.shim import client as shim_client
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_a_stopped_stage_is_gone_with_all_its_children(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("(sleep 61 & sleep 62 &) ; echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert worker.stages() == []
    assert server.bodies(StageFinished) == []


def test_a_stale_attempt_is_killed_too(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Stale(7, 1))
    server.wait_for_report(Stopped)
    assert worker.stages() == []


def test_what_is_being_prepared_can_be_stopped(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server
    blocked = worker.repository.path.parent / "blocked"
    monkeypatch.setattr(
        "muster.worker.attempts.attempt_workspace.prepare_workspace", _prepare_until(blocked)
    )
    worker.run("true")
    server.wait_for_report(WorkspaceFacts)
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert server.bodies(Failed) == []
    assert server.bodies(StageStarted) == []


def _prepare_until(_: object) -> object:
    from muster.worker.git.workspace import WorkspaceError

    def prepare(request: object, note: object, cancelled: object) -> None:
        assert cancelled.wait(20)  # type: ignore[attr-defined]
        raise WorkspaceError("cancelled", "git fetch was cancelled")

    return prepare


def test_a_forget_ends_what_still_runs(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    worker.forget()
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert list(worker.layout.attempts.iterdir()) == []


def test_nothing_is_begun_while_the_lease_is_over(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 0.0
    worker.start().run("echo ran")
    server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    beats = len(server.heartbeats)
    server.wait_for(lambda: len(server.heartbeats) > beats + 2)
    assert server.bodies(StageStarted) == []
    server.lease_seconds = 60.0
    server.line.cut()
    server.wait_for_report(StageStarted)


def test_a_stage_is_not_begun_by_a_shim_that_wakes_up_after_it_was_given_up(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, attempt = worker.server, worker.layout.attempt(AttemptKey(7, 1))
    worker.start().run("true")
    server.wait_for_report(StageFinished)
    shim = shim_client.attach(attempt)
    assert shim is not None
    found = processes.find(shim.fetch_state().pid)
    shim.close()
    assert found is not None
    processes.send_signal(found, signal.SIGSTOP)
    monkeypatch.setattr("muster.worker.shim.link.SHIM_TIMEOUT_SECONDS", 0.5)
    worker.run("echo ran", stage_index=1)
    assert server.wait_for_report(Lost).reason == "the shim died before the stage started"
    processes.send_signal(found, signal.SIGCONT)
    state = shim_client.read_state(attempt)
    assert state is not None
    assert state.stage_index == 0
    assert shim_client.attach(attempt) is None


def test_what_has_ended_while_the_lease_was_over_is_not_begun(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 0.0
    worker.start().run("echo ran")
    server.wait_for(lambda: [f for f in server.bodies(WorkspaceFacts) if f.state == "ready"])
    server.lease_seconds, server.beats = 60.0, False
    server.line.cut()
    server.wait_until_connected(2)
    for _ in range(4):
        beats = len(server.heartbeats)
        server.wait_for(lambda beats=beats: len(server.heartbeats) > beats)
        server.send(Undrain())  # a sign of life that prolongs nothing
    server.send(Stop(7, 1, "lost"))  # as a server does before it answers a heartbeat
    server.beats = True
    server.wait_for_report(Stopped)
    assert server.bodies(StageStarted) == []


def test_a_machine_that_hears_nothing_ends_its_stages_itself(worker: WorkerHome) -> None:
    server = worker.server
    server.lease_seconds = 2.0
    worker.start().run("echo up; sleep 60")
    server.wait_for_report(StageStarted)
    server.beats = False
    server.heartbeat_seconds = 60.0
    server.line.cut()
    assert server.wait_for_report(StageFinished).how == "lease"
