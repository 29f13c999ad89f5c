"""A machine whose worker was uninstalled never comes back, and needs nobody but an admin."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import AuditEntry, Developer, Machine
from app.services.machines import uninstalls
from tests.factories import make_attempt, make_developer, make_machine, make_task

Login = Callable[[Developer], dict[str, str]]
WorkerLogin = Callable[[Machine], dict[str, str]]
PATH = "/api/workers/uninstalled"


@pytest.fixture
def admin() -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def test_its_machine_is_offline_and_says_why(
    client: FlaskClient, login: Login, worker_login: WorkerLogin, admin: Developer
) -> None:
    machine = make_machine(status=MachineStatus.ONLINE, connected=True)
    headers = worker_login(machine)
    assert (
        client.get(f"/api/web/machines/{machine.id}", headers=login(admin)).json["uninstalledAt"]
        is None
    )
    answer = client.post(PATH, headers=headers)
    assert (answer.status_code, answer.json) == (200, {})
    shown = client.get(f"/api/web/machines/{machine.id}", headers=login(admin)).json
    assert (shown["status"], shown["connected"]) == ("offline", False)
    assert shown["uninstalledAt"] is not None
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert actions.count("machine.uninstalled") == 1
    assert client.post(PATH, headers=headers).status_code == 401  # its credentials are invalid


def test_it_is_no_problem_in_an_inbox(
    client: FlaskClient, login: Login, worker_login: WorkerLogin, admin: Developer
) -> None:
    machine = make_machine(status=MachineStatus.OFFLINE, connected=False)
    headers = login(admin)
    items = client.get("/api/web/inbox", headers=headers).json["items"]
    assert [item["machine"]["id"] for item in items] == [str(machine.id)]
    client.post(PATH, headers=worker_login(machine))
    assert client.get("/api/web/inbox", headers=headers).json["items"] == []


def test_its_tasks_restart_elsewhere_at_once(
    client: FlaskClient, worker_login: WorkerLogin
) -> None:
    machine = make_machine(status=MachineStatus.ONLINE, connected=True)
    task = make_task(status=TaskStatus.RUNNING)
    make_attempt(task, machine)
    client.post(PATH, headers=worker_login(machine))
    db.session.refresh(task)
    db.session.refresh(machine)
    assert (task.status, machine.slots_used) == (TaskStatus.QUEUED, 0)


def test_it_can_be_repeated_and_a_decommissioned_machine_stays_one(app: Flask) -> None:
    machine = make_machine(status=MachineStatus.ONLINE)
    for _ in range(2):
        uninstalls.record_uninstall(machine.id)
    version = machine.jwt_version
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    uninstalls.record_uninstall(gone.id)
    db.session.refresh(gone)
    assert (machine.jwt_version, gone.uninstalled_at) == (version, None)
