"""Daemons killed during a push or a write, and the next one's recovery."""

import os
from pathlib import Path

import pytest

from muster.protocol.frames import (
    Accepted,
    Checkpoint,
    Failed,
    Publish,
    Published,
    StageFinished,
    StageStarted,
)
from muster.worker import processes
from muster.worker.journal.journal_file import ReportAppended, pack_record, parse_records
from tests.muster.worker.repositories import repository, root, wait_for, wait_until_gone
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["repository", "root", "worker"]


@pytest.mark.parametrize("ended", ["before the next daemon", "beside the next daemon's"])
def test_a_daemon_that_is_killed_while_it_pushes_has_its_branch_published_once(
    worker: WorkerHome, ended: str
) -> None:
    server, remote = worker.server, worker.repository
    pushes = remote.block_pushes("refs/heads/muster/")
    daemon = worker.spawn()
    worker.run("echo one > one")
    made = server.wait_for_report(Checkpoint)
    server.wait_for_report(StageFinished)
    server.send(Publish(7, 1))
    pushes.wait_for(1, worker.server.find_problem)
    pushing = processes.descendants(daemon.pid)
    worker.kill()
    assert f"refs/heads/{BRANCH}" not in remote.refs()

    if ended == "before the next daemon":
        pushes.release()
        for process in pushing:
            wait_until_gone(process.pid)
        assert remote.refs()[f"refs/heads/{BRANCH}"] == made.commit
    worker.spawn()
    server.send(Publish(7, 1))
    if ended == "beside the next daemon's":
        pushes.wait_for(2, worker.server.find_problem)
        pushes.release()
    published = server.wait_for_report(Published)
    for process in pushing:
        wait_until_gone(process.pid)
    assert (published.branch, published.commit) == (BRANCH, made.commit)
    assert remote.refs()[f"refs/heads/{BRANCH}"] == made.commit
    assert remote.git("log", "--format=%s", f"main..{BRANCH}") == "develop (task #7)"
    worker.run("true", task_id=8)
    server.wait_for_report(StageFinished, 2)
    assert len(server.bodies(Published)) == 1
    assert server.bodies(Failed) == []


def written(journal: Path, kind: type) -> int:
    """Return the file position after the first report of this kind; 0 if there is none."""
    at = 0
    for record in parse_records(journal.read_bytes()).records:
        at += len(pack_record(record))
        if isinstance(record, ReportAppended) and isinstance(record.report.body, kind):
            return at
    return 0


def die_with_torn(worker: WorkerHome, flag: Path, torn: type) -> None:
    """A disconnected machine's stage continues by `flag` and exits; then everything dies, with the
    first report of this kind half written. A report is sent once it is on disk: the server never
    got a torn one."""
    line, journal = worker.server.line, worker.layout.journal / "journal"
    line.refuse = True
    line.cut()
    flag.touch(0o666)
    wait_for(lambda: written(journal, StageFinished))
    worker.kill()
    os.truncate(journal, written(journal, torn) - 5)
    line.refuse = False


@pytest.mark.parametrize("torn", [Checkpoint, StageFinished])
def test_a_report_that_was_being_written_when_all_died_is_made_again(
    worker: WorkerHome, torn: type
) -> None:
    server = worker.server
    flag = worker.layout.home.parent / "go"
    worker.spawn()
    worker.run(f"echo one > one; echo up; until [ -e {flag} ]; do sleep 0.02; done")
    server.wait_for(lambda: b"up" in server.log())
    die_with_torn(worker, flag, torn)

    worker.spawn()
    server.wait_for_report(StageFinished)
    for kind in (Accepted, StageStarted, Checkpoint, StageFinished):
        assert len(server.bodies(kind)) == 1, kind
    worker.run("cat one", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    server.wait_for(lambda: server.log() == b"up\r\none\r\n")
    assert len({hello.journal_id for hello in server.hellos}) == 1
