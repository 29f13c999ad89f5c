"""An attempt without a started stage retains nothing that another could need; its state stays
known, so that no repeated order starts it."""

from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Failed, Lost, StageFinished, WorkspaceFacts
from muster.worker.sandbox.uids import DAEMON_IDENTITIES, NoIdentityLeft, UidAllocator
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.attempts.test_failures import break_sandboxes, bwrap, soon
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["bwrap", "quick", "repository", "root", "soon", "worker"]

KEY = AttemptKey(7, 1)


@pytest.fixture
def no_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists no attempt's stage can have a sandbox; tests and everything else
    can."""
    return break_sandboxes(tmp_path, monkeypatch, "*muster-sandbox-*) ;; *sandbox.init*")


def started(worker: WorkerHome) -> WorkerHome:
    worker.start()
    assert worker.server.hellos[-1].sandbox.level != "none"
    return worker


def is_kept(worker: WorkerHome) -> bool:
    layout = worker.layout
    claims = {claim.readlink().name for claim in layout.identities.iterdir()} - set(
        DAEMON_IDENTITIES
    )
    return bool(claims) or layout.workspace(KEY).exists() or layout.attempt_home(KEY).exists()


def wait_until_removed(worker: WorkerHome) -> None:
    bodies = worker.server.bodies
    worker.server.wait_for(lambda: "removed" in [each.state for each in bodies(WorkspaceFacts)])


def test_whose_workspace_could_not_be_made_has_nothing(worker: WorkerHome, bwrap: Path) -> None:
    server = started(worker).server
    bwrap.touch()
    order = worker.run("echo ran")
    assert server.wait_for_report(Failed).is_unhealthy
    assert not is_kept(worker)
    bwrap.unlink()
    server.send(order)  # the same, as after a connection that was cut
    worker.run("echo ran", run=1)
    worker.leave()
    worker.start()
    server.send(order)
    worker.forget()
    wait_until_removed(worker)
    assert milestones(worker) == ["Accepted", "Failed"]
    assert not is_kept(worker)


def test_an_attempt_whose_first_stage_had_no_sandbox_has_nothing(
    worker: WorkerHome, no_init: Path
) -> None:
    server = started(worker).server
    no_init.touch()
    order = worker.run("echo ran")
    server.wait_for_report(Lost)
    assert not is_kept(worker)
    no_init.unlink()
    server.send(order)
    worker.forget()
    wait_until_removed(worker)
    assert b"ran" not in server.log()
    assert milestones(worker) == ["Accepted", "StageStarted", "Lost"]


def test_who_never_had_a_user_id_is_forgotten_while_all_are_taken(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server

    def claim(self: UidAllocator, key: object) -> None:
        raise NoIdentityLeft("all 3 user ids are taken")

    monkeypatch.setattr(UidAllocator, "claim", claim)
    worker.run("echo ran")
    assert server.wait_for_report(Failed).is_unhealthy
    worker.forget()
    wait_until_removed(worker)
    assert not worker.layout.attempt(KEY).exists()


def test_what_a_stage_has_made_is_kept(worker: WorkerHome, no_init: Path) -> None:
    server = started(worker).server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    no_init.touch()
    worker.run("echo two", stage_index=1)
    server.wait_for_report(Lost)
    assert (worker.layout.workspace(KEY) / "one").exists()


def test_the_home_of_another_attempt_is_kept(worker: WorkerHome, no_init: Path) -> None:
    server = started(worker).server
    worker.run("echo mine > ~/mine")
    server.wait_for_report(StageFinished)
    no_init.touch()
    worker.run("echo two", attempt=2, continues=1)
    server.wait_for_report(Lost)
    assert (worker.layout.attempt_home(AttemptKey(7, 2)) / "mine").exists()
