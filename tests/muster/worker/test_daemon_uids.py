"""Whose uids a daemon gives out, and how many it wants for that."""

import os
import subprocess
import sys

from muster.protocol.frames import StageFinished
from muster.worker.room import identity
from tests.muster.worker import uids
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import SLOTS, SOURCES, WorkerHome, worker

__all__ = ["repository", "root", "worker"]

ENOUGH = uids.OWN[-identity.needed(SLOTS) :]


@as_root
def test_attempts_get_uids_of_the_range_that_the_daemon_was_given(worker: WorkerHome) -> None:
    worker.spawn(*uids.option(ENOUGH))
    claims = {claim.name: os.readlink(claim) for claim in worker.layout.identities.iterdir()}
    # Before any attempt is ordered: none of these takes the last one from under an attempt.
    assert sorted(claims.values()) == ["agents", "screens", "work"]
    worker.run("id -u")
    worker.server.until_said(StageFinished)
    assert worker.server.log().decode().strip() in {str(uid) for uid in ENOUGH} - claims.keys()


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
    assert "4 user ids, and this machine needs 5 at least" in ended.stderr
    assert "Traceback" not in ended.stderr
