"""Mirrors are closed to all but the daemon if attempts see their own in sandboxes."""

import stat
from pathlib import Path

import pytest

from muster.protocol.frames import StageFinished, StageStarted
from muster.worker.home_lock import HomeInUse
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]


def mode(worker: WorkerHome) -> int:
    return stat.S_IMODE(worker.layout.mirrors.stat().st_mode)


def test_another_worker_that_finds_the_home_in_use_opens_nothing(worker: WorkerHome) -> None:
    worker.start()
    assert mode(worker) == 0o700
    with pytest.raises(HomeInUse):
        worker.make_daemon()
    assert mode(worker) == 0o700


@as_root
def test_what_started_without_a_sandbox_retains_its_mirror_until_it_has_ended(
    worker: WorkerHome,
) -> None:
    go = worker.layout.home.parent / "go"
    worker.run_daemon(worker.make_daemon(max_sandbox_level="none"))
    assert mode(worker) == 0o711
    worker.run(f"until [ -e {go} ]; do sleep 0.02; done; git --no-pager log -1 --format=%s >&2")
    worker.server.wait_for_report(StageStarted)
    worker.leave()
    worker.start()
    assert mode(worker) == 0o711
    Path(go).touch()
    assert worker.server.wait_for_report(StageFinished).code == 0
    worker.leave()
    worker.start()
    assert mode(worker) == 0o700
