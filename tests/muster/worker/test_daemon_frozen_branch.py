"""A machine, frozen as a whole while it moves its task's branch, and thawed after its lease."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muster.protocol.frames import (
    BranchMove,
    BranchRefused,
    Publish,
    Published,
    StageFinished,
    Stale,
    Stopped,
    TaskBranch,
)
from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.processes import Process
from tests.muster.worker.repositories import repository, root, wait_for, wait_until_gone
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

LEASE = 2.0
OWN = "tasks/7"
REF = f"refs/heads/{OWN}"


@pytest.fixture
def frozen(worker: WorkerHome) -> Iterator[Callable[[], list[Process]]]:
    """Freeze the daemon and all its descendants while the task's branch is being moved, until the
    lease has expired, and let the remote continue meanwhile."""
    whole: list[Process] = []

    def freeze() -> list[Process]:
        server = worker.server
        server.lease_seconds = LEASE
        pushes = worker.repository.block_pushes(REF)
        daemon = processes.find(worker.spawn().pid)
        assert daemon is not None
        worker.run("echo one > one")
        server.wait_for_report(StageFinished)
        server.send(Publish(7, 1, onto=TaskBranch(OWN)))
        pushes.wait_for(1, worker.server.find_problem)
        whole.extend([daemon, *processes.descendants(daemon.pid)])
        for process in whole:
            processes.send_signal(process, signal.SIGSTOP)
        server.line.refuse = True
        server.line.cut()
        pushes.release()
        since = boot_seconds()
        wait_for(lambda: boot_seconds() > since + LEASE + 0.2)
        assert REF not in worker.repository.refs()
        return whole

    yield freeze
    thaw(whole)


def thaw(whole: list[Process]) -> None:
    for process in whole:
        processes.send_signal(process, signal.SIGCONT)


def comes_back(worker: WorkerHome) -> None:
    """It learns that its attempt has ended."""
    server = worker.server
    server.line.refuse = False
    server.wait_until_connected(2)
    server.send(Stale(7, 1))
    server.wait_for_report(Stopped)


def is_gits(process: Process) -> bool:
    try:
        return "git" in Path(f"/proc/{process.pid}/cmdline").read_text()
    except FileNotFoundError:  # the hook waits with one short `sleep` after the other
        return False


def test_what_its_successor_has_moved_it_does_not_move_back(
    worker: WorkerHome, frozen: Callable[[], list[Process]]
) -> None:
    whole = frozen()
    pushing = [process for process in whole if is_gits(process)]
    assert pushing
    newer = worker.repository.commit({"two": "2"}, OWN)
    thaw(whole)
    comes_back(worker)
    for process in pushing:
        wait_until_gone(process.pid)
    assert worker.repository.refs()[REF] == newer
    assert worker.server.bodies(Published) == []


def test_what_it_moves_as_it_thaws_the_successor_finds_and_moves_on(
    worker: WorkerHome, frozen: Callable[[], list[Process]]
) -> None:
    whole, server = frozen(), worker.server
    thaw(whole)
    wait_for(lambda: REF in worker.repository.refs())
    comes_back(worker)
    late = worker.repository.refs()[REF]
    worker.run("echo two > two", attempt=2)
    server.wait_for_report(StageFinished, 2)
    server.send(Publish(7, 2, onto=TaskBranch(OWN)))
    refused = server.wait_for_report(BranchRefused)
    assert (refused.found, refused.by) == (late, "Ada Dev <ada@dev.example>")
    server.send(Publish(7, 2, onto=TaskBranch(OWN, late), number=1))
    # The first attempt may have reported its work late.
    [published] = server.wait_for(
        lambda: [report for report in server.bodies(Published) if report.branch == "muster/7-2"]
    )
    assert published.moved == BranchMove(OWN, late)
    assert worker.repository.refs()[REF] == published.commit != late
