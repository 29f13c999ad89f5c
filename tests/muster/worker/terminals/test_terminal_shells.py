"""A machine opens a shell beside a running stage, in its sandbox."""

import pytest

from muster.protocol.frames import Checkpoint, OpenTerminal, StageFinished
from tests.muster.worker.fake_pty import TerminalConnection
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["as_root", "repository", "root", "worker"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)


def open_shell(worker: WorkerHome) -> TerminalConnection:
    server = worker.server
    before = len(server.pty.calls)
    server.send(OpenTerminal(7, 1, server.pty.token, shell=True))
    server.wait_for(lambda: len(server.pty.calls) > before)
    return server.pty.call


def run_line(worker: WorkerHome, shell: TerminalConnection, line: str, shown: bytes) -> None:
    shell.type(f"{line}\n".encode())
    worker.server.wait_for(lambda: shown in shell.output, what=f"{shown!r} in the shell")


def test_a_shell_works_in_the_stages_workspace_and_its_changes_are_kept(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo up; echo theirs >from-stage; while [ ! -e go ]; do sleep 0.1; done; rm go")
    server.wait_for(lambda: server.log())
    shell = open_shell(worker)
    run_line(worker, shell, "pwd; cat from-stage", b"theirs")
    assert b"/workspace\r\n" in shell.output  # as in its own full sandbox
    run_line(worker, shell, "echo mine >from-shell; touch go; echo do''ne", b"done")
    assert server.wait_for(lambda: server.bodies(StageFinished))[0].code == 0
    server.wait_for(lambda: shell.ended)
    assert shell.ended == ["the stage has ended"]
    [checkpoint] = server.wait_for(lambda: server.bodies(Checkpoint))
    assert worker.repository.git("show", f"{checkpoint.ref}:from-shell") == "mine"
    assert b"from-shell" not in server.log()


def test_an_exited_shell_is_reported_and_the_next_viewer_gets_another(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; read end")
    server.wait_for(lambda: server.log())
    first = open_shell(worker)
    run_line(worker, first, "exit 3", b"exit")
    server.wait_for(lambda: first.ended)
    assert first.ended == ["the shell has exited with code 3"]
    server.wait_for(lambda: server.closed)
    assert (server.closed[0].task_id, server.closed[0].shell) == (7, True)
    server.pty.offset = first.position
    run_line(worker, open_shell(worker), "echo ag''ain", b"again")


def test_a_shell_outlives_its_daemon(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up; read end")
    server.wait_for(lambda: server.log())
    run_line(worker, open_shell(worker), "KEPT=yes; echo o''k", b"ok")
    worker.leave()
    worker.start()
    run_line(worker, open_shell(worker), 'echo "kept $KEPT"', b"kept yes")


def test_there_is_no_shell_without_a_stage(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo up")
    server.wait_for(lambda: server.bodies(StageFinished))
    shell = open_shell(worker)
    server.wait_for(lambda: shell.ended)
    assert shell.ended == ["no stage is running"]
