"""After a daemon is killed no change is missing, and no list is reported twice."""

import os
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Changes, Checkpoint, Content, StageFinished
from muster.worker.attempts import changes as telling
from muster.worker.journal.journal import Journal
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.attempts.reported_changes import kinds, patch, printed, reported_changes
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.test_daemon_killed import die_with_torn
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


@pytest.mark.parametrize("torn", [Checkpoint, Content, Changes, StageFinished])
def test_a_daemon_that_is_killed_has_the_next_one_say_what_is_missing(
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
    assert kinds(server.bodies())[-1] == "StageFinished"
    assert len(server.bodies(Checkpoint)) == 1
    assert sorted({change.since for change in reported_changes(worker)}) == ["base", "stage"]
    assert len([change for change in reported_changes(worker) if change.since == "base"]) == 1
    assert len(reported_changes(worker)) <= 3  # the one that was on disk, and may come again
    base = reported_changes(worker)[-1]
    assert patch(worker, base) == printed(worker, base.base, base.commit)


def test_an_unreported_change_through_a_tunnel_is_reported_by_the_next_daemon(
    worker: WorkerHome,
) -> None:
    """The stage's exit was reported, and its checkpoint replaced after that."""
    server = worker.server
    worker.spawn()
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.kill()
    [made] = server.bodies(Checkpoint)
    journal = Journal(worker.layout.journal, lambda: None)
    journal.append(AttemptKey(7, 1), made)
    journal.close()
    before = len(reported_changes(worker))
    worker.spawn()
    server.wait_for(lambda: len(reported_changes(worker)) >= before + 2)
    assert [change.since for change in reported_changes(worker)[before:]] == ["stage", "base"]


def test_what_the_server_has_is_remembered_on_disk(worker: WorkerHome) -> None:
    server = worker.server
    worker.spawn()
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.run("echo two > two", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    file: Path = next(worker.layout.attempts.iterdir()) / telling.FILE_NAME
    kept = file.read_text()
    assert len(set(kept.split())) == len(kept.split()) >= 2
    worker.kill()
    with file.open("r+b") as torn:
        os.truncate(torn.fileno(), len(kept) - 7)
    worker.spawn()
    worker.run("echo three > three", stage_index=2)
    server.wait_for_report(StageFinished, 3)
    wait_for(lambda: len(reported_changes(worker)) >= 6)
    ids = [body.id for body in server.bodies(Content)]  # type: ignore[union-attr]
    again = {id for id in ids if ids.count(id) > 1}
    assert len(again) <= 4  # what came at the end, and was not known to be there
    assert patch(worker, reported_changes(worker)[-1])
