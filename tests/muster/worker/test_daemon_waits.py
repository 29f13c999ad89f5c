"""A wait for an attempt ends at once when the attempt or its daemon has failed."""

import pytest

from muster.protocol.frames import Failed, Repo, StageFinished, StageStarted
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["repository", "root", "worker"]


def test_an_attempt_that_has_failed_ends_a_wait_for_another_report(worker: WorkerHome) -> None:
    worker.start().run("echo one", repo=Repo("file:///no/where", "main", BRANCH))
    with pytest.raises(AssertionError, match=r"the attempt has failed: repository_"):
        worker.server.wait_for_report(StageStarted)
    assert worker.server.wait_for_report(Failed).code.startswith("repository_")
    with pytest.raises(AssertionError, match="within 0 s"):  # the test knows of it now
        worker.server.wait_for_report(StageStarted, limit=0.2)


def test_a_stage_that_has_failed_ends_a_wait_for_its_log(worker: WorkerHome) -> None:
    worker.start().run("echo as far as here; exit 3")
    with pytest.raises(AssertionError, match=r"the stage ended by exit 3\n  as far as here"):
        worker.server.wait_for(lambda: b"the end" in worker.server.log())
    assert worker.server.wait_for_report(StageFinished).code == 3


def test_a_daemon_that_has_failed_ends_a_wait(worker: WorkerHome) -> None:
    with pytest.raises(AssertionError, match="the process has exited with status"):
        worker.spawn("--no-such-option")
