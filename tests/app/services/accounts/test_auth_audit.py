"""Audit entries besides admins' actions: privileged access, and suspicious logins."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.errors import InvalidCredentials, InvalidToken, TooManyAttempts
from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db, redis
from app.models import AuditEntry, Developer, Project
from app.services import clock
from app.services.accounts import auth, developers, login_limits
from app.services.accounts.login_limits import LoginLimit, window_limit
from app.services.machines import drains
from app.services.project_deletion import deletion
from app.services.tasks import gates, tasks
from tests.app.api.test_login_limits import attempt, fail
from tests.app.services.accounts.test_auth_sessions import Clock
from tests.factories import (
    PASSWORD,
    add_member,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
)

GATED = [{"name": "a", "command": "x", "kind": "agent", "timeout": 60, "confirm": True}]


def audit_rows() -> list[tuple[str, str, str]]:
    rows = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [(row.action, row.target_type, row.target_id) for row in rows]


def cancel(actor: Developer, project: Project, creator: Developer) -> tuple[str, int]:
    task = make_task(project=project, creator=creator)
    tasks.cancel(actor, task.id)
    return "task.cancelled", task.id


def retry(actor: Developer, project: Project, creator: Developer) -> tuple[str, int]:
    task = make_task(project=project, creator=creator, status=TaskStatus.FAILED)
    tasks.retry(actor, task.id)
    return "task.retried", task.id


def answer(actor: Developer, project: Project, creator: Developer) -> tuple[str, int]:
    waiting = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    task = make_task(project=project, creator=creator, pipeline=GATED, **waiting)
    make_gate(task)
    gates.confirm_stage(actor, task.id, 0, "confirm")
    return "gate.answered", task.id


Act = Callable[[Developer, Project, Developer], tuple[str, int]]
each_act = pytest.mark.parametrize("act", [cancel, retry, answer])


@each_act
def test_who_uses_an_office_on_the_tasks_of_others_is_told(app: Flask, act: Act) -> None:
    project, creator = make_project(), make_developer()
    action, task_id = act(make_developer(role=SystemRole.ADMIN), project, creator)
    assert audit_rows() == [(action, "task", str(task_id))]


def test_so_is_a_lead_who_cancels(app: Flask) -> None:
    action, task_id = cancel(make_developer(role=SystemRole.LEAD), make_project(), make_developer())
    assert audit_rows() == [(action, "task", str(task_id))]


@each_act
@pytest.mark.parametrize("role", SystemRole)
def test_what_people_do_in_their_own_projects_is_for_the_events(
    app: Flask, act: Act, role: SystemRole
) -> None:
    project, actor = make_project(), make_developer(role=role)
    add_member(project, actor, ProjectRole.MAINTAINER)
    act(actor, project, make_developer())
    act(actor, project, actor)
    assert audit_rows() == []


@each_act
def test_so_is_what_an_admin_does_with_tasks_of_their_own(app: Flask, act: Act) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    act(admin, make_project(), admin)
    assert audit_rows() == []


def test_a_forced_deletion_tells_of_each_task_that_it_ended(app: Flask) -> None:
    admin, project = make_developer(role=SystemRole.ADMIN), make_project()
    live = [str(make_task(project=project).id) for _ in range(2)]
    deletion.delete(admin, project.key, force=True)
    ended = sorted(("task.cancelled", "task", task_id) for task_id in live)
    assert sorted(audit_rows()[:2]) == ended
    assert audit_rows()[2:] == [("project.deleted", "project", project.key)]


def test_leads_who_drain_machines_are_told_when_it_changes_something(app: Flask) -> None:
    lead, machine = make_developer(role=SystemRole.LEAD), make_machine()
    for _ in range(2):
        drains.drain(lead, machine.id, note="a fan is loud")
    for _ in range(2):
        drains.undrain(lead, machine.id)
    target = ("machine", str(machine.id))
    assert audit_rows() == [("machine.drained", *target), ("machine.undrained", *target)]


def test_the_first_admin_is_told_too_and_is_nobodys_act(app: Flask) -> None:
    first = developers.create_admin("root", PASSWORD)
    assert first is not None
    assert audit_rows() == [("developer.created", "developer", str(first.id))]
    assert db.session.scalar(sa.select(AuditEntry.actor_id)) is None


# ---- logins --------------------------------------------------------------------------------------


def test_a_refresh_token_that_was_copied_is_told_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_ = Clock(clock.now())
    monkeypatch.setattr(clock, "now", time_.now)
    developer = make_developer()
    old = auth.login(developer.name, PASSWORD).refresh_token
    auth.refresh(old)
    time_.moment += timedelta(seconds=11)
    for _ in range(3):
        with pytest.raises(InvalidToken):
            auth.refresh(old)
    about = ("developer", str(developer.id))
    assert audit_rows() == [("login.started", *about), ("login.refresh_reused", *about)]


def test_a_name_that_is_guessed_at_is_told_once_a_window(client: FlaskClient) -> None:
    developer = make_developer()
    assert fail(client, developer.name.upper(), 9) == [401] * 5 + [429] * 4
    about = ("developer", str(developer.id))
    assert audit_rows() == [("login.failed", *about)] * 5 + [("login.limited", *about)]


def test_an_address_that_guesses_is_told_once_a_window(client: FlaskClient) -> None:
    for number in range(9):
        attempt(client, f"nobody{number}", address="192.0.2.7")
    about = ("address", "192.0.2.7")
    assert audit_rows() == [("login.failed", *about)] * 5 + [("login.limited", *about)]


def test_guesses_that_come_all_at_once_are_told_once(app: Flask) -> None:
    developer = make_developer()
    guesses = [LoginLimit(developer.name, f"198.51.100.{n}").count_failures() for n in range(8)]
    for guess in guesses:  # all pass the first look together
        guess.__enter__()
    for guess in guesses:
        wrong = InvalidCredentials()
        with suppress(TooManyAttempts):
            guess.__exit__(type(wrong), wrong, None)
    limited = [entry for entry in audit_rows() if entry[0] == "login.limited"]
    assert limited == [("login.limited", "developer", str(developer.id))]


def test_it_is_told_again_in_another_window(client: FlaskClient) -> None:
    developer = make_developer()
    fail(client, developer.name, 5)
    redis.client.flushdb()  # a window later
    fail(client, developer.name, 5)
    assert [action for action, *_ in audit_rows()] == (["login.failed"] * 5 + ["login.limited"]) * 2


def test_what_may_be_a_mistyped_password_is_not_told(client: FlaskClient) -> None:
    fail(client, "my pass phrase as a name", 9)
    assert audit_rows() == [
        ("login.failed", "address", f"198.51.100.{number}") for number in range(5)
    ]
    texts = db.session.scalars(sa.text("SELECT audit_entries::text FROM audit_entries"))
    assert not any("pass phrase" in text for text in texts)


def test_a_sign_in_is_told_and_what_was_refused_before_it(client: FlaskClient) -> None:
    developer = make_developer()
    fail(client, developer.name, 2)
    assert attempt(client, developer.name, PASSWORD).status_code == 200
    rows = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["login.failed", "login.failed", "login.started"]
    assert {row.target_id for row in rows} == {str(developer.id)}
    assert [row.actor_id for row in rows] == [None, None, developer.id]
    addresses = ["198.51.100.0", "198.51.100.1", "192.0.2.1"]
    assert [row.remote_address for row in rows] == addresses
    assert rows[0].changes == {"before": None, "after": {"reason": "invalid_credentials"}}
    assert rows[2].changes["after"]["via"] == "password"


def test_a_logout_is_told_once(app: Flask) -> None:
    developer = make_developer()
    pair = auth.login(developer.name, PASSWORD)
    for _ in range(2):
        auth.logout(developer, pair.refresh_token)
    about = ("developer", str(developer.id))
    assert audit_rows() == [("login.started", *about), ("login.ended", *about)]


def test_a_flood_of_anonymous_logins_does_not_fill_the_log_nor_hide_an_account(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        login_limits, "_ANONYMOUS_AUDIT_LIMIT", (window_limit(5, "login_audited"), "anonymous")
    )
    developer = make_developer()
    for number in range(40):
        refuse(f"nobody{number}", f"10.0.0.{number}")
    refuse(developer.name, "10.0.1.1")
    actions = [action for action, *_ in audit_rows()]
    assert actions == ["login.failed"] * 5 + ["login.flooded", "login.failed"]
    assert audit_rows()[-1] == ("login.failed", "developer", str(developer.id))


def test_a_flood_about_accounts_has_an_end_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        login_limits, "_AUDIT_LIMIT", (window_limit(5, "login_audited"), "accounts")
    )
    developers = [make_developer() for _ in range(9)]
    for number, developer in enumerate(developers):
        refuse(developer.name, f"10.0.0.{number}")
    assert [action for action, *_ in audit_rows()] == ["login.failed"] * 5 + ["login.flooded"]


def refuse(name: str, address: str) -> None:
    with suppress(InvalidCredentials), LoginLimit(name, address).count_failures():
        raise InvalidCredentials
