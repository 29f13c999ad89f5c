"""A stage that never started hasn't failed: its attempt is returned, once, and the machine reports
as unhealthy until it recovers."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.frames import (
    Failed,
    Lost,
    StageFinished,
    StageStarted,
)
from muster.worker.git.git import GitError
from muster.worker.sandbox.uids import NoIdentityLeft, UidAllocator
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.broken_sandboxes import break_sandboxes
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.daemon.RECHECK_DELAYS_SECONDS", (0.2, 1.0))


@pytest.fixture
def bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists no sandbox can be created."""
    return break_sandboxes(tmp_path, monkeypatch)


def healthy(worker: WorkerHome) -> bool:
    beats = [beat for _, beat in worker.server.heartbeats]
    capability_lists = [beat.capabilities for beat in beats if beat.capabilities is not None]
    latest = capability_lists[-1] if capability_lists else worker.server.hellos[-1].capabilities
    return next(each.healthy for each in latest if each.agent_type == "custom")


def test_a_machine_whose_user_ids_are_used_up_gives_the_attempt_back(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server
    left = [False]

    def claim(self: UidAllocator, key: object) -> None:
        if not left[0]:
            raise NoIdentityLeft("all 3 user ids are taken")

    monkeypatch.setattr(UidAllocator, "claim", claim)
    monkeypatch.setattr(
        UidAllocator, "exhausted_reason", lambda _: None if left[0] else "all are taken"
    )
    worker.run("echo ran")
    assert server.wait_for_report(Failed) == Failed(
        "worker_failed", "all 3 user ids are taken", is_unhealthy=True
    )
    assert server.bodies(StageStarted) == []
    server.wait_for(lambda: not healthy(worker))
    left[0] = True
    server.wait_for(lambda: healthy(worker))


def test_a_sandbox_that_cannot_be_made_for_a_while_fails_nothing(
    worker: WorkerHome, bwrap: Path
) -> None:
    server = worker.start().server
    assert server.hellos[-1].sandbox.level != "none"
    bwrap.touch()
    worker.run("echo ran")
    failed = server.wait_for_report(Failed)
    assert (failed.code, failed.is_unhealthy) == ("sandbox_unavailable", True)
    server.wait_for(lambda: not healthy(worker))
    bwrap.unlink()
    server.wait_for(lambda: healthy(worker))
    worker.run("echo ran", task_id=8)
    server.wait_for_report(StageFinished)
    assert milestones(worker)[:2] == ["Accepted", "Failed"]


def test_a_sandbox_that_cannot_be_made_between_two_stages_fails_nothing(
    worker: WorkerHome, bwrap: Path
) -> None:
    server = worker.start().server
    assert server.hellos[-1].sandbox.level != "none"
    worker.run("echo one")
    server.wait_for_report(StageFinished)
    bwrap.touch()
    worker.run("echo two", stage_index=1)
    failed = server.wait_for_report(Failed)
    assert failed.is_unhealthy, failed
    assert b"two" not in server.log()


def test_what_was_made_to_wait_briefly_is_lost_and_not_failed(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full, and is not any more."""
    server = worker.start().server

    def write(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("muster.worker.agents.attempt_state.AttemptState.write", write)
    worker.run("echo ran")
    assert "No space left" in server.wait_for_report(Lost).reason
    assert server.bodies(Failed) == []


@pytest.mark.parametrize("lack", [None, "can't write to its disk"])
def test_a_repository_is_out_of_reach_of_a_machine_that_is_well(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, lack: str | None
) -> None:
    """git's error about a fetch onto a full disk proves nothing, but causes a check."""
    server = worker.start().server

    def fetch(*_: object, **__: object) -> None:
        raise GitError("fatal: write error: No space left on device")

    monkeypatch.setattr("muster.worker.git.mirrors.Mirror.fetch", fetch)
    monkeypatch.setattr("muster.worker.health._disk_problem", lambda _: lack)
    worker.run("echo ran")
    failed = server.wait_for_report(Failed)
    assert (failed.code, failed.is_unhealthy) == ("repository_unreachable", lack is not None)
    if lack:
        server.wait_for(lambda: not healthy(worker))
        beats = [beat.capabilities or [] for _, beat in server.heartbeats]
        assert {each.reason for beat in beats for each in beat if not each.healthy} >= {lack}
        assert "No space" in failed.message
        assert not [each for beat in beats for each in beat if "No space" in (each.reason or "")]


@pytest.fixture
def full(root: Path) -> Iterator[Path]:
    """A file that takes all of the home's small disk, once it is written."""
    home = root / "home"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=711", "muster-test", str(home)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        yield home / "spare"
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def has_space(path: Path) -> bool:
    found = os.statvfs(path)
    return found.f_bavail > 0


@as_root
def test_a_machine_whose_disk_is_full_gives_the_attempt_back(
    full: Path, worker: WorkerHome
) -> None:
    server = worker.start().server
    with full.open("wb", buffering=0) as file:
        while has_space(full):
            file.write(os.urandom(4096))
    worker.run("echo ran")
    failed = server.wait_for_report(Failed)
    server.wait_for(lambda: not healthy(worker))
    full.unlink()
    assert failed.is_unhealthy, failed
    server.wait_for(lambda: healthy(worker))
    worker.run("echo ran", task_id=8)
    server.wait_for_report(StageFinished)
