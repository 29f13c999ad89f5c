"""/api/web/getting-started: what an empty server needs."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import AuditEntry, Developer
from app.services.clock import now
from app.services.ops import getting_started
from tests.app.services.statements import counted
from tests.factories import (
    make_developer,
    make_enrollment_token,
    make_machine,
    make_project,
    make_task,
)

PATH = "/api/web/getting-started"
MAX_STATEMENTS = 4


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(name="root", role=SystemRole.ADMIN)


@pytest.fixture
def read(client: FlaskClient, login: Callable[[Developer], Any]) -> Callable[[Developer], Any]:
    return lambda developer: client.get(PATH, headers=login(developer)).json


def states(answer: Any) -> dict[str, str]:
    return {each["step"]: each["state"] for each in answer["steps"]}


def test_each_step_follows_what_is_on_the_server(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    assert read(admin) == {
        "steps": [
            {"step": "machine", "state": "open", "detail": None, "reason": None},
            {"step": "agent", "state": "open", "detail": None, "reason": "no_machine"},
            {"step": "project", "state": "open", "detail": None, "reason": None},
            {"step": "task", "state": "open", "detail": None, "reason": "no_project"},
            {"step": "people", "state": "open", "detail": None, "reason": None},
        ],
        "dismissedAt": None,
    }
    make_enrollment_token(creator=admin)
    assert states(read(admin))["machine"] == "working"
    make_machine(name="heron", sandbox={"level": "processes", "missing": ["no bwrap"]})
    project = make_project(key="APP", environment={"ANTHROPIC_API_KEY": "x"})
    make_developer()
    task = make_task(project=project, creator=admin)
    assert read(admin)["steps"] == [
        {
            "step": "machine",
            "state": "done",
            "detail": "heron: no bwrap",
            "reason": "sandbox_not_full",
        },
        {"step": "agent", "state": "done", "detail": "heron: claude", "reason": None},
        {"step": "project", "state": "done", "detail": "APP", "reason": "key_set"},
        {
            "step": "task",
            "state": "working",
            "detail": f"#{task.id}",
            "reason": "task_queued",
        },
        {"step": "people", "state": "done", "detail": None, "reason": None},
    ]


def test_a_secret_is_a_key_and_is_not_shown(
    admin: Developer, client: FlaskClient, login: Callable[[Developer], Any]
) -> None:
    make_project(key="APP", secrets={"CLAUDE_CODE_OAUTH_TOKEN": "sealed"})
    answer = client.get(PATH, headers=login(admin))
    assert answer.json["steps"][2]["reason"] == "key_set"
    assert "sealed" not in answer.text


def test_members_see_their_projects_and_the_admins_who_can_help(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    member = make_developer()
    make_developer(name="gone", role=SystemRole.ADMIN, disabled_at=now())
    make_task(project=make_project())
    project = read(member)["steps"][2]
    assert project == {**project, "state": "open", "detail": "root", "reason": "ask_admin"}
    assert read(member)["steps"][3]["reason"] == "no_project"
    make_project(key="OURS", members=[member])
    assert read(member)["steps"][2]["detail"] == "OURS"
    assert states(read(member))["task"] == "open"


def test_a_completed_task_ends_it_for_everyone(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    make_task(status=TaskStatus.COMPLETED)
    for person in (admin, make_developer()):
        assert set(states(read(person)).values()) == {"done"}


def test_it_takes_few_statements_however_much_there_is(admin: Developer) -> None:
    for _ in range(5):
        make_machine()
        make_task(project=make_project(), creator=admin)
    db.session.commit()
    for person in (admin, make_developer()):
        person.id  # noqa: B018 -- loads the row
        with counted() as sent:
            getting_started.get(person, now())
        asked = [each for each in sent if each.startswith("SELECT")]
        assert 0 < len(asked) <= MAX_STATEMENTS, sent


def test_an_admin_dismisses_it_for_everyone_and_shows_it_again(
    admin: Developer,
    client: FlaskClient,
    login: Callable[[Developer], Any],
    read: Callable[[Developer], Any],
) -> None:
    headers = login(admin)
    first = client.put(PATH, json={"dismissed": True}, headers=headers)
    assert first.json == read(make_developer()) | {"steps": first.json["steps"]}
    assert first.json["dismissedAt"] is not None
    again = client.put(PATH, json={"dismissed": True}, headers=headers)
    assert again.json["dismissedAt"] == first.json["dismissedAt"]
    back = client.put(PATH, json={"dismissed": False}, headers=headers)
    assert (back.status_code, back.json["dismissedAt"]) == (200, None)
    entries = db.session.scalars(
        sa.select(AuditEntry.changes).where(AuditEntry.action == "getting_started.updated")
    )
    assert list(entries) == [
        {"before": {"dismissed": False}, "after": {"dismissed": True}},
        {"before": {"dismissed": True}, "after": {"dismissed": False}},
    ]


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_only_admins_dismiss_it(
    role: SystemRole,
    app: Flask,
    client: FlaskClient,
    login: Callable[[Developer], Any],
    read: Callable[[Developer], Any],
) -> None:
    someone = make_developer(role=role)
    answer = client.put(PATH, json={"dismissed": True}, headers=login(someone))
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert read(someone)["dismissedAt"] is None
