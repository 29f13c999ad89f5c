"""At a gate an attempt has neither a process nor a thread."""

import threading

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Checkpoint,
    Note,
    Publish,
    Published,
    StageFinished,
    WorkspaceFacts,
)
from muster.worker.attempts.attempt_shim import AttemptShim
from muster.worker.shim import client as shim_client
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_at_a_gate_an_attempt_holds_no_process(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._IDLE_TIMEOUT_SECONDS", 0.05)
    rested = threading.Event()
    rest = AttemptShim.quit_shim
    monkeypatch.setattr(AttemptShim, "quit_shim", lambda self: (rest(self), rested.set()))
    server = worker.start().server
    worker.run("echo one")
    server.wait_for_report(StageFinished)
    assert rested.wait(10)
    assert shim_client.attach(worker.layout.attempt(AttemptKey(7, 1))) is None
    worker.run("echo two", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert server.wait_for(lambda: server.log() == b"one\r\ntwo\r\n")


def threads_of(worker: WorkerHome) -> list[str]:
    """Return the threads of an attempt or its shim."""
    return [t.name for t in threading.enumerate() if t.name in ("attempt-7-1", "shim-link")]


def test_at_a_gate_an_attempt_holds_no_thread_and_wakes_when_it_is_ordered(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._IDLE_TIMEOUT_SECONDS", 0.05)
    server = worker.start().server
    for index in range(3):
        worker.run(f"echo {index}", stage_index=index)
        server.wait_for_report(StageFinished, index + 1)
        server.wait_for(lambda: not threads_of(worker))
    worker.leave()
    worker.start()
    server.wait_for(lambda: not threads_of(worker))
    worker.run("echo 3", stage_index=3)
    server.wait_for_report(StageFinished, 4)
    assert server.wait_for(lambda: server.log() == b"0\r\n1\r\n2\r\n3\r\n")
    worker.forget()
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")


def test_an_order_for_which_there_is_no_thread_may_come_again(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt._IDLE_TIMEOUT_SECONDS", 0.05)
    server = worker.start().server
    worker.run("echo one")
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: not threads_of(worker))
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "attempt-7-1":
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", refuse)
        worker.run("echo two", stage_index=1)
        server.wait_until_connected(2)
        assert server.hellos[-1].attempts[0].stage_index == 0
    worker.run("echo two", stage_index=1)
    server.wait_for_report(StageFinished, 2)


def warnings(worker: WorkerHome) -> list[str]:
    return [
        b.text for b in worker.server.bodies(Note) if isinstance(b, Note) and b.level == "warning"
    ]


def test_what_comes_into_a_workspace_at_a_gate_is_undone_and_told(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one; echo cache > .gitignore; echo kept > cache")
    server.wait_for_report(StageFinished)
    workspace = worker.layout.workspace(AttemptKey(7, 1))
    (workspace / "evil").write_text("evil")  # by anyone with the rights to, on this machine
    worker.run("ls; cat cache", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    server.wait_for(lambda: b"kept" in server.log())
    assert b"evil" not in server.log()
    warning = "changed after the last stage had ended, and undone: evil"
    assert warnings(worker) == [warning]
    server.send(Publish(7, 1))
    published = server.wait_for_report(Published)
    assert published.commit == server.bodies(Checkpoint)[-1].commit
    assert "evil" not in worker.repository.git("ls-tree", "--name-only", published.commit)


def test_the_last_checkpoint_is_pushed_whatever_the_workspace_has_now(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    (worker.layout.workspace(AttemptKey(7, 1)) / "evil").write_text("evil")
    server.send(Publish(7, 1))
    assert server.wait_for_report(Published).commit == server.wait_for_report(Checkpoint).commit
