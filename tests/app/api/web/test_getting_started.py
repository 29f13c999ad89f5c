"""/api/web/getting-started: what an empty server needs."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import AuditEntry, Developer, Machine
from app.services.clock import now
from app.services.ops import getting_started
from app.services.projects import check_store, repository_checks
from muster.protocol import frames
from tests.app.services.statements import counted
from tests.factories import (
    make_developer,
    make_enrollment_token,
    make_gate,
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


def make_step(
    name: str, state: str, detail: str | None = None, reason: str | None = None
) -> dict[str, Any]:
    return {"step": name, "state": state, "detail": detail, "reason": reason, "check": None}


def test_each_step_follows_what_is_on_the_server(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    assert read(admin) == {
        "steps": [
            make_step("machine", "open"),
            make_step("agent", "open", None, "no_machine"),
            make_step("project", "open"),
            make_step("task", "open", None, "no_project"),
            make_step("people", "open"),
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
        make_step("machine", "done", "heron: no bwrap", "sandbox_not_full"),
        make_step("agent", "done", "heron: claude"),
        make_step("project", "working", "APP", "repository_checking"),
        make_step("task", "working", f"#{task.id}", "task_queued"),
        make_step("people", "done"),
    ]
    make_gate(task)  # as of a task that its draining machine gave back
    assert read(admin)["steps"][3] == make_step("task", "working", f"#{task.id}", "task_asks")


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


def answer_check(check_id: str, machine: Machine, **answer: Any) -> None:
    assert check_store.take_order(check_id, machine.id, machine.name) is not None
    check_store.record_answer(machine.id, frames.RepositoryChecked(check_id, **answer))


def last_check() -> str:
    """The ID of the only check."""
    (key,) = redis.client.scan_iter("muster:checks:saved:*")
    return str(redis.client.get(key).decode())


def test_the_project_step_checks_the_repository_by_itself(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    machine = make_machine(name="heron")
    project = make_project(key="APP", environment={"ANTHROPIC_API_KEY": "x"})
    step = read(admin)["steps"][2]
    assert (step["state"], step["reason"]) == ("working", "repository_checking")
    text = "fatal: Could not resolve host: git.example.org"
    answer_check(last_check(), machine, state="failed", details=text)
    step = read(admin)["steps"][2]
    assert (step["state"], step["reason"]) == ("failed", "repository_failed")
    assert step["check"]["code"] == "host_not_found"
    assert step["detail"] == f"APP: {step['check']['message']}"
    assert "sealed" not in str(step)

    # After a change, the earlier check says nothing about the project.
    redis.client.delete(*redis.client.scan_iter("muster:checks:*"))
    project.default_branch = "next"
    assert read(admin)["steps"][2]["reason"] == "repository_checking"
    answer_check(last_check(), machine, state="reached", has_base=True, branches=["next"])
    step = read(admin)["steps"][2]
    assert (step["state"], step["reason"]) == ("done", "key_set")
    assert (step["check"]["state"], step["check"]["step"]) == ("warning", "login")


def test_no_check_starts_for_those_who_cannot_change_the_project_or_without_a_machine(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    member = make_developer()
    make_project(key="APP", members=[member])
    assert read(admin)["steps"][2]["check"] is None
    make_machine()
    assert read(member)["steps"][2]["check"] is None
    assert list(redis.client.scan_iter("muster:checks:*")) == []


def test_a_check_by_a_person_counts_for_the_step_if_it_is_about_the_saved_project(
    admin: Developer, read: Callable[[Developer], Any]
) -> None:
    machine = make_machine()
    make_project(key="APP", environment={"ANTHROPIC_API_KEY": "x"})
    repository_checks.start(admin, "APP", {"default_branch": "other"})
    assert list(redis.client.scan_iter("muster:checks:saved:*")) == []
    check = repository_checks.start(admin, "APP", {"default_branch": "main"})
    assert last_check() == check.id
    answer_check(check.id, machine, state="reached", has_base=False, branches=["trunk"])
    step = read(admin)["steps"][2]
    assert (step["state"], step["check"]["code"]) == ("failed", "branch_missing")


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
    getting_started.get(admin, now())  # starts a check, which takes two more
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
