"""Budgets over HTTP: who sets them, who sees them, and how much more an answer may grant."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from tests.app.services.fake_machine import make_driven
from tests.app.services.usage.budgets_world import is_stopped, report_usage
from tests.factories import (
    add_member,
    make_attempt,
    make_developer,
    make_machine,
    make_personal_token,
    make_project,
    make_task,
    make_usage,
)

Login = Callable[[Developer], dict[str, str]]


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


def test_an_admin_sets_a_developer_s_budget_which_they_see_with_what_is_used(
    client: FlaskClient, admin: dict[str, str], login: Login
) -> None:
    developer = make_developer()
    path, own = f"/api/admin/developers/{developer.id}", login(developer)
    body = {"budget": {"tokens": 500, "cost": None}}
    assert client.put(path, json=body, headers=admin).json["budget"] == {"tokens": 500}
    task = make_task(creator=developer)
    make_attempt(task, make_machine())
    make_usage(task, input_tokens=40, output_tokens=2, cost=0.5)
    db.session.commit()
    used = {"minutes": 0.0, "tokens": 42, "cost": 0.5}
    shown = client.get("/api/web/profile/budget", headers=own).json
    assert shown == {"month": f"{now():%Y-%m}", "budget": {"tokens": 500}, "used": used}
    client.put(path, json={"budget": None}, headers=admin)
    assert client.get("/api/web/profile/budget", headers=own).json == {**shown, "budget": None}
    assert client.put("/api/web/profile", json=body, headers=own).status_code == 422


def test_maintainers_set_a_project_s_budgets_and_members_see_what_is_used(
    client: FlaskClient, login: Login
) -> None:
    project = make_project()
    maintainer, member = make_developer(), make_developer()
    add_member(project, maintainer, ProjectRole.MAINTAINER)
    add_member(project, member)
    path, body = f"/api/web/projects/{project.key}", {"budget": {"cost": 9.5}}
    assert client.put(path, json=body, headers=login(member)).status_code == 403
    body["taskBudget"] = {"minutes": 30}
    saved = client.put(path, json=body, headers=login(maintainer)).json
    assert {name: saved[name] for name in body} == body
    unused = {"minutes": 0.0, "tokens": None, "cost": None}
    shown = client.get(f"{path}/budget", headers=login(member)).json
    assert shown == {"month": f"{now():%Y-%m}", "budget": {"cost": 9.5}, "used": unused}
    made = client.post(
        "/api/web/tasks",
        json={"projectKey": project.key, "description": "x"},
        headers=login(member),
    ).json
    own = client.post(
        "/api/web/tasks",
        json={"projectKey": project.key, "description": "x", "budget": {"tokens": 5}},
        headers=login(member),
    ).json
    assert (made["budget"], own["budget"]) == ({"minutes": 30}, {"tokens": 5})


def make_stopped_task() -> Task:
    """A task whose budget of 50 tokens is used, and whose stage is stopped."""
    task = make_task(budget={"tokens": 50})
    machine = make_driven()
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.orders()
    machine.report_started(task)
    report_usage(machine, task, 70)
    is_stopped(machine, task)
    return task


def test_an_answer_says_how_much_more(client: FlaskClient, admin: dict[str, str]) -> None:
    task = make_stopped_task()
    path = f"/api/web/tasks/{task.id}"
    gate = client.get(f"{path}/pending-confirm", headers=admin).json
    used = {"minutes": pytest.approx(0, abs=1), "tokens": 70, "cost": None}
    about = {"of": "task", "name": str(task.id), "month": None}
    spent = {**about, "budget": {"tokens": 50}, "used": used, "state": "used_up"}
    shown = client.get(path, headers=admin).json["budgets"]
    assert gate["budgets"] == shown == [spent]
    answer = {"stageIndex": 0, "result": "continue", "budget": {"tokens": 7}}
    answered = client.post(f"{path}/confirm-stage", json=answer, headers=admin)
    assert (answered.status_code, answered.json["status"]) == (200, "assigned")
    again = client.post(f"{path}/confirm-stage", json=answer, headers=admin)
    assert (again.status_code, again.json["code"]) == (409, "already_answered")
    db.session.refresh(task)
    assert task.allowed == {"task": {"tokens": 77}}


@pytest.mark.parametrize(
    ("budget", "field"),
    [
        pytest.param({"tokens": 0}, "budget.tokens", id="nothing"),
        pytest.param({"tokens": -5}, "budget.tokens", id="less"),
        pytest.param({"tokens": 1.5}, "budget.tokens", id="a part of one"),
        pytest.param({"tokens": 2**63}, "budget.tokens", id="too much"),
        pytest.param({"tokens": True}, "budget.tokens", id="a flag"),
        pytest.param({"cost": "NaN"}, "budget.cost", id="no number"),
        pytest.param({"cost": 0}, "budget.cost", id="no cost"),
        pytest.param({"cost": 1}, "budget.cost", id="a figure that it has not"),
        pytest.param({"days": 1}, "budget.days", id="unknown figure"),
        pytest.param([], "budget", id="a list"),
        pytest.param("all", "budget", id="a word"),
    ],
)
def test_a_grant_that_is_none_is_refused_and_the_question_stays(
    client: FlaskClient, admin: dict[str, str], budget: Any, field: str
) -> None:
    task = make_stopped_task()
    answer = {"stageIndex": 0, "result": "continue", "budget": budget}
    refused = client.post(f"/api/web/tasks/{task.id}/confirm-stage", json=answer, headers=admin)
    assert refused.status_code == 422
    assert field in refused.json["errors"]
    db.session.refresh(task)
    state = (task.status, task.suspend_reason, task.allowed)
    assert state == (TaskStatus.SUSPENDED, SuspendReason.BUDGET, None)


@pytest.mark.parametrize(
    ("tokens", "state"), [(79, "available"), (80, "low"), (100, "used_up"), (120, "used_up")]
)
def test_a_task_shows_the_budgets_that_apply_to_it_and_how_much_is_left(
    client: FlaskClient, admin: dict[str, str], tokens: int, state: str
) -> None:
    project = make_project(budget={"tokens": 100})
    task = make_task(project=project, budget={"minutes": 30})
    make_attempt(task, make_machine())
    make_usage(task, input_tokens=tokens)
    own, of_project = client.get(f"/api/web/tasks/{task.id}", headers=admin).json["budgets"]
    about = {
        "of": "project",
        "name": project.key,
        "month": f"{now():%Y-%m}",
        "budget": {"tokens": 100},
    }
    used = {"minutes": 0.0, "tokens": tokens, "cost": None}
    assert of_project == {**about, "used": used, "state": state}
    assert (own["of"], own["month"], own["state"]) == ("task", None, "available")


@pytest.mark.parametrize(
    ("who", "tokens", "is_shown"),
    [
        pytest.param("member", 79, False, id="a colleague, while there is enough"),
        pytest.param("member", 80, True, id="a colleague, once the history has a warning"),
        pytest.param("creator", 1, True, id="themselves"),
        pytest.param("creator's token here", 1, False, id="a token that can't read the account"),
        pytest.param("admin", 1, True, id="admins"),
    ],
)
def test_a_developer_s_budget_is_theirs_until_it_is_low(
    client: FlaskClient, login: Login, who: str, tokens: int, is_shown: bool
) -> None:
    member, creator = make_developer(), make_developer(budget={"tokens": 100})
    task = make_task(project=make_project(members=[member, creator]), creator=creator)
    make_attempt(task, make_machine())
    make_usage(task, input_tokens=tokens)
    _, token = make_personal_token(creator, projects=[task.project_id])
    headers = {
        "member": login(member),
        "creator": login(creator),
        "creator's token here": {"Authorization": f"Bearer {token}"},
        "admin": login(make_developer(role=SystemRole.ADMIN)),
    }
    shown = client.get(f"/api/web/tasks/{task.id}", headers=headers[who]).json["budgets"]
    assert [each["of"] for each in shown] == ["developer"] * is_shown
