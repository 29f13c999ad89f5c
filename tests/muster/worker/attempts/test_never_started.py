"""An attempt of which no stage has run keeps nothing that another could want; what it was stays
known, so that no order that comes again begins it."""

from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Failed, Lost, StageFinished, WorkspaceFacts
from muster.worker.sandbox.uids import OWN, Identities, NoIdentityLeft
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.attempts.test_failures import breaking, bwrap, soon
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["bwrap", "quick", "repository", "root", "soon", "worker"]

KEY = AttemptKey(7, 1)


@pytest.fixture
def no_leader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file is there no attempt's stage can have a room; trials and all else can."""
    return breaking(tmp_path, monkeypatch, "*muster-room-*) ;; *room.leader*")


def started(worker: WorkerHome) -> WorkerHome:
    worker.start()
    assert worker.server.hellos[-1].room.level != "none"
    return worker


def is_kept(worker: WorkerHome) -> bool:
    layout = worker.layout
    claims = {claim.readlink().name for claim in layout.identities.iterdir()} - set(OWN)
    return bool(claims) or layout.workspace(KEY).exists() or layout.home_of(KEY).exists()


def until_removed(worker: WorkerHome) -> None:
    told = worker.server.bodies
    worker.server.until(lambda: "removed" in [each.state for each in told(WorkspaceFacts)])


def test_whose_workspace_could_not_be_made_has_nothing(worker: WorkerHome, bwrap: Path) -> None:
    server = started(worker).server
    bwrap.touch()
    order = worker.run("echo ran")
    assert server.until_said(Failed).unwell
    assert not is_kept(worker)
    bwrap.unlink()
    server.send(order)  # the same, as after a connection that was cut
    worker.run("echo ran", run=1)
    worker.leave()
    worker.start()
    server.send(order)
    worker.forget()
    until_removed(worker)
    assert milestones(worker) == ["Accepted", "Failed"]
    assert not is_kept(worker)


def test_whose_first_stage_had_no_room_has_nothing(worker: WorkerHome, no_leader: Path) -> None:
    server = started(worker).server
    no_leader.touch()
    order = worker.run("echo ran")
    server.until_said(Lost)
    assert not is_kept(worker)
    no_leader.unlink()
    server.send(order)
    worker.forget()
    until_removed(worker)
    assert b"ran" not in server.log()
    assert milestones(worker) == ["Accepted", "StageStarted", "Lost"]


def test_who_never_had_a_user_id_is_forgotten_while_all_are_taken(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = worker.start().server

    def claim(self: Identities, key: object) -> None:
        raise NoIdentityLeft("all 3 user ids are taken")

    monkeypatch.setattr(Identities, "claim", claim)
    worker.run("echo ran")
    assert server.until_said(Failed).unwell
    worker.forget()
    until_removed(worker)
    assert not worker.layout.attempt(KEY).exists()


def test_what_a_stage_has_made_is_kept(worker: WorkerHome, no_leader: Path) -> None:
    server = started(worker).server
    worker.run("echo one > one")
    server.until_said(StageFinished)
    no_leader.touch()
    worker.run("echo two", stage_index=1)
    server.until_said(Lost)
    assert (worker.layout.workspace(KEY) / "one").exists()


def test_the_home_of_another_attempt_is_kept(worker: WorkerHome, no_leader: Path) -> None:
    server = started(worker).server
    worker.run("echo mine > ~/mine")
    server.until_said(StageFinished)
    no_leader.touch()
    worker.run("echo two", attempt=2, continues=1)
    server.until_said(Lost)
    assert (worker.layout.home_of(AttemptKey(7, 2)) / "mine").exists()
