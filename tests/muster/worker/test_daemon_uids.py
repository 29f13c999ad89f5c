"""The uids that a daemon assigns, and how many it needs."""

import os
import subprocess
import sys

import pytest

from muster.protocol.frames import Checkpoint, StageFinished
from muster.worker.sandbox.uids import min_uids
from tests.muster.worker import uids
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import SLOTS, SOURCES, WorkerHome, worker

__all__ = ["repository", "root", "worker"]

ENOUGH = uids.OWN[-min_uids(SLOTS) :]
BETTER = uids.OWN[-min_uids(SLOTS) - 1 :]
SHARES = "checking commits as the user that draws screens: "


def owners(worker: WorkerHome) -> list[str]:
    return sorted(os.readlink(claim) for claim in worker.layout.identities.iterdir())


def started(worker: WorkerHome, given: range) -> str:
    """Start a daemon with these uids; return the name of the one that checks commits."""
    daemon = worker.make_daemon(uids=given)
    worker.run_daemon(daemon)
    checker = daemon._sandboxes.checker
    assert checker is not None
    return os.readlink(checker.claim)


@as_root
def test_attempts_get_uids_of_the_range_that_the_daemon_was_given(worker: WorkerHome) -> None:
    worker.spawn(*uids.option(BETTER))
    claims = {claim.name: os.readlink(claim) for claim in worker.layout.identities.iterdir()}
    # Before any attempt is ordered, so that none of these takes the last one from an attempt.
    assert sorted(claims.values()) == ["agents", "screens", "work"]
    worker.run("id -u")
    worker.server.wait_for_report(StageFinished)
    assert worker.server.log().decode().strip() in {str(uid) for uid in BETTER} - claims.keys()


@as_root
def test_where_attempts_need_all_other_uids_work_is_checked_as_who_draws_screens(
    worker: WorkerHome, caplog: pytest.LogCaptureFixture
) -> None:
    assert started(worker, BETTER) == "work"
    worker.leave()
    assert SHARES not in caplog.text
    assert started(worker, ENOUGH) == "screens"
    assert owners(worker) == ["agents", "screens"], "an attempt may need that of the work now"
    assert f"{SHARES}{ENOUGH[0]}-{ENOUGH[-1]} has just enough user ids for 2 slots" in caplog.text
    worker.run("echo one > one")
    assert worker.server.wait_for_report(Checkpoint).diff.files_changed == 1


@as_root
def test_a_daemon_starts_although_attempts_that_are_kept_have_all_other_uids(
    worker: WorkerHome, caplog: pytest.LogCaptureFixture
) -> None:
    """As one of an earlier release left them, that had no user for the work."""
    names = ("agents", "screens", "1-1", "2-1", "3-1")
    for uid, name in zip(BETTER, names, strict=True):  # others of them may still be exiting
        (worker.layout.identities / str(uid)).symlink_to(name)
    assert started(worker, BETTER) == "screens"
    assert f"{SHARES}all 5 user ids" in caplog.text


@as_root
def test_a_range_that_is_too_small_for_the_machine_is_refused_at_the_start(
    worker: WorkerHome,
) -> None:
    run = [sys.executable, "-m", "muster", "worker", "run", "--home", str(worker.layout.home)]
    ended = subprocess.run(
        [*run, *uids.option(ENOUGH[1:])],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert "3 user ids, but this machine needs at least 4" in ended.stderr
    assert "Traceback" not in ended.stderr
