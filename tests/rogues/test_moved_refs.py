"""Somebody who can push to `refs/muster/*` moves a checkpoint while its task waits at its gate, and
its machine goes away: a real worker at a real remote publishes what was approved, or nothing.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Gate, Machine, Task
from app.services.accounts import tokens
from app.services.dispatch import dispatcher
from app.services.tasks import gates, tasks
from muster.protocol import frames
from muster.worker.server.credentials import Credentials, CredentialStore
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import STAGES, status, wait_for
from tests.factories import make_developer, make_machine, make_project
from tests.gunicorns import Gunicorn
from tests.muster.worker.fake_server import FakeServer
from tests.muster.worker.repositories import Repository, repository, root
from tests.muster.worker.worker_home import WorkerHome

__all__ = ["repository", "root"]

OURS = {"refs": "moved"}


class RealServer:
    """As much of the worker's tests' server as a home asks for, of one that is real."""

    def __init__(self, url: str, machine_id: uuid.UUID) -> None:
        self.url, self._machine_id = url, machine_id
        self.watches: list[Any] = []
        self.hellos: list[Any] = []

    def wait_until_connected(self, _: int) -> None:
        wait_for(lambda: db.session.get_one(Machine, self._machine_id).connected, 30)


@pytest.fixture
def worker(
    rows: Flask, server: Gunicorn, root: Path, repository: Repository
) -> Iterator[WorkerHome]:
    """A real one, with credentials for the real server; it is not started yet."""
    row = make_machine(connected=False, status="offline", admin_labels=OURS)
    home = WorkerHome(root / "home", cast(FakeServer, RealServer(server.url, row.id)), repository)
    jwt = tokens.worker_jwt(row)[0]
    given = Credentials(server.url, str(row.id), row.name, 2, jwt, 1e12, "secret-1")
    CredentialStore(home.layout.credentials).save(given)
    yield home
    home.end()


def revision(repository: Repository, commit: str) -> frames.Revision:
    return frames.Revision(commit, repository.git("rev-parse", f"{commit}^{{tree}}"))


@pytest.mark.parametrize("attack", ["none", "moved", "deleted"])
def test_what_was_approved_is_published_or_nothing_is(
    attack: str,
    worker: WorkerHome,
    new_machine: MakeMachine,
    repository: Repository,
    rows: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Tests beside it keep this machine busy, which is no reason to wait here.
    monkeypatch.setitem(rows.config, "MAX_LOAD_PERCENT", 100)
    first = new_machine(admin_labels=OURS)
    first.capabilities = [frames.Capability(agent_type="custom")]
    first.connect()
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(
        pipeline=[STAGES[0], {**STAGES[1], "confirm": True}],
        repo_url=repository.url,
        agent_type="custom",
        agent_command="true",
        machine_selector="refs=moved",
    )
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    assert dispatcher.assign_queued() == 1
    order = first.wait_for(frames.RunStage)
    base = revision(repository, repository.refs()["refs/heads/main"])
    approved = revision(repository, repository.commit({"work": "1"}, "work"))
    ref = f"refs/muster/{task.id}/1/0"
    repository.git("update-ref", ref, approved.commit)
    made = frames.Checkpoint(
        0, ref, approved.commit, frames.DiffStat(1), 0, False, approved.tree, base
    )
    ended = frames.StageFinished(0, 0, "exit")
    first.report(order, frames.Accepted(), frames.StageStarted(0), made, ended)
    wait_for(lambda: status(task) is TaskStatus.SUSPENDED)
    # Here somebody else pushes, and the machine is gone for good.
    evil = repository.commit({"evil": "1"}, "work")
    if attack == "moved":
        repository.git("update-ref", ref, evil)
    elif attack == "deleted":
        repository.git("update-ref", "-d", ref)
    worker.start()
    first.disconnect()
    row = db.session.get_one(Machine, uuid.UUID(first.machine_id), populate_existing=True)
    row.connected, row.status = False, "offline"
    db.session.commit()
    gates.confirm_stage(admin, task.id, 1, "confirm")
    wait_for(dispatcher.assign_queued, 20)
    if attack == "none":
        wait_for(lambda: status(task) is TaskStatus.COMPLETED, 60)
        assert (task.result or {})["commit"] == approved.commit
        assert repository.refs()[f"refs/heads/{task.branch_name}"] == approved.commit
        return
    wait_for(lambda: open_kinds(task) == ["checkpoint"], 60)
    assert status(task) is TaskStatus.SUSPENDED
    assert [name for name in repository.refs() if name.startswith("refs/heads/muster/")] == []
    gates.confirm_stage(admin, task.id, 1, "end")
    assert status(task) is TaskStatus.CANCELLED


def open_kinds(task: Task) -> list[str]:
    db.session.rollback()
    query = sa.select(Gate.kind).where(Gate.task_id == task.id, Gate.answered_at.is_(None))
    return [str(kind) for kind in db.session.scalars(query)]
