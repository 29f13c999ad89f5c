"""An archived project is readable and takes no new work; what was accepted continues."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import AuditEntry, Developer, Project, Task
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]
THEN = "2020-01-01T00:00:00.000Z"
PIPELINE = [{"name": "develop", "command": "x", "confirm": True}]


@pytest.fixture
def maintainer() -> Developer:
    return make_developer()


@pytest.fixture
def project(maintainer: Developer) -> Project:
    return make_project(maintainers=[maintainer], pipeline=PIPELINE)


@pytest.fixture
def headers(login: Login, maintainer: Developer) -> dict[str, str]:
    return login(maintainer)


@pytest.fixture
def archive(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> Callable[[str | None], Any]:
    """Set the project's `archivedAt`, and return the answer."""
    path = f"/api/web/projects/{project.key}"
    return lambda when: client.put(path, json={"archivedAt": when}, headers=headers)


def test_maintainers_archive_a_project_at_the_servers_time_and_restore_it(
    client: FlaskClient, project: Project, headers: dict[str, str], archive: Callable[..., Any]
) -> None:
    archived = archive(THEN).json
    assert archived["archivedAt"] > THEN
    assert archive(THEN).json["archivedAt"] == archived["archivedAt"]
    shown = client.get(f"/api/web/projects/{project.key}", headers=headers).json
    assert shown["archivedAt"] == archived["archivedAt"]
    assert archive(None).json["archivedAt"] is None
    changes = db.session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id)).all()
    assert changes == [
        {"before": {"archivedAt": None}, "after": {"archivedAt": archived["archivedAt"]}},
        {"before": {"archivedAt": archived["archivedAt"]}, "after": {"archivedAt": None}},
    ]


def test_members_cannot_archive(client: FlaskClient, login: Login) -> None:
    member = make_developer()
    project = make_project(members=[member])
    path, body = f"/api/web/projects/{project.key}", {"archivedAt": THEN}
    assert client.put(path, json=body, headers=login(member)).status_code == 403


def _new_work(project: Project, task: Task) -> dict[str, tuple[str, dict[str, Any]]]:
    web = "/api/web/tasks"
    return {
        "task": (web, {"projectKey": project.key, "description": "x"}),
        "retry": (f"{web}/{task.id}/retry", {}),
        "follow-up": (f"{web}/{task.id}/follow-ups", {"instruction": "more"}),
        "changes": (f"{web}/{task.id}/reviews", {"verdict": "request_changes", "body": "no"}),
    }


@pytest.mark.parametrize("kind", ["task", "retry", "follow-up", "changes"])
def test_an_archived_project_takes_no_new_work_until_it_is_restored(
    client: FlaskClient,
    project: Project,
    headers: dict[str, str],
    archive: Callable[..., Any],
    kind: str,
) -> None:
    task = make_task(project=project, status=TaskStatus.FAILED)
    checkpoint = {"ref": "refs/muster/1/1/0", "commit": "a" * 40}
    make_attempt(task, make_machine())
    task.checkpoints = {"0": checkpoint}
    db.session.commit()
    archive(THEN)
    path, body = _new_work(project, task)[kind]
    refused = client.post(path, json=body, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (409, "project_archived")
    assert "retry" not in _actions(client, task, headers)
    archive(None)
    assert client.post(path, json=body, headers=headers).status_code in {200, 201}


def _actions(client: FlaskClient, task: Task, headers: dict[str, str]) -> list[str]:
    shown = client.get(f"/api/web/tasks/{task.id}", headers=headers).json
    found: list[str] = shown["allowedActions"]
    return found


def test_accepted_work_can_finish_there(
    client: FlaskClient, project: Project, headers: dict[str, str], archive: Callable[..., Any]
) -> None:
    task = make_task(project=project, pipeline=PIPELINE)
    make_gate(task)
    archive(THEN)
    assert {"answer", "cancel"} <= set(_actions(client, task, headers))
    path, body = f"/api/web/tasks/{task.id}/confirm-stage", {"stageIndex": 0, "result": "confirm"}
    answered = client.post(path, json=body, headers=headers)
    assert answered.status_code == 200, answered.json


def test_who_creates_a_project_is_its_maintainer(client: FlaskClient, login: Login) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    body = {"key": "Mine", "repoUrl": "https://git.example/mine.git"}
    made = client.post("/api/admin/projects", json=body, headers=login(admin)).json
    assert (made["myRole"], made["memberCount"]) == ("maintainer", 1)
    listed = client.get("/api/web/projects/mine/members", headers=login(admin)).json["items"]
    assert [(each["developerId"], each["role"]) for each in listed] == [(admin.id, "maintainer")]
