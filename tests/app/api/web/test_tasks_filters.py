"""What GET /api/web/tasks takes in its query, and what it tells of each task."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.models import Developer
from app.services.clock import now
from tests.factories import make_developer, make_gate, make_project, make_task

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/tasks"


def test_several_projects_and_several_numbers_are_asked_for_at_once(
    client: FlaskClient, login: Login
) -> None:
    me = make_developer()
    shop, store, other = (make_project(members=[me]) for _ in range(3))
    first, second, third = (make_task(project=each) for each in (shop, store, other))
    headers = login(me)

    def ids(**query: object) -> list[int]:
        answer = client.get(PATH, query_string=query, headers=headers)
        assert answer.status_code == 200, answer.json
        return [task["id"] for task in answer.json["items"]]

    assert ids(project=f"{shop.key.lower()},{store.key}") == [second.id, first.id]
    assert ids(projectKey=other.key) == [third.id]
    assert ids(ids=f"{first.id},{third.id},999999999999999999") == [third.id, first.id]
    assert ids(ids=f"{first.id},{third.id}", project=shop.key) == [first.id]
    assert ids(ids="", project="NOPE") == []


@pytest.mark.parametrize(
    "query",
    [
        {"ids": "1,"},
        {"ids": "1\n"},
        {"ids": "9" * 19},
        {"ids": ",".join("1" * 201)},
        {"needsMe": "perhaps"},
        {"agentType": "No Agent"},
        {"machineSelector": "=="},
        {"project": "x" * 3251},
    ],
)
def test_what_is_no_filter_is_refused(
    client: FlaskClient, login: Login, query: dict[str, str]
) -> None:
    answer = client.get(PATH, query_string=query, headers=login(make_developer()))
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_a_question_is_told_by_its_beginning(client: FlaskClient, login: Login) -> None:
    me = make_developer()
    asks = make_task(
        project=make_project(members=[me]),
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
    )
    make_gate(asks, prompt="x" * 2000)
    make_task(project=make_project(members=[me]))
    query = {"needsMe": "true"}
    (task,) = client.get(PATH, query_string=query, headers=login(me)).json["items"]
    assert task["question"]["prompt"] == "x" * 300
    assert (task["question"]["kind"], task["waitingFor"]["reason"]) == ("confirm", "gate")
    assert task["allowedActions"] == ["answer"]


def test_a_question_that_nobody_can_answer_any_more_needs_nobody(
    client: FlaskClient, login: Login
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    open_, gone = make_project(), make_project(deleted_at=now())
    asking = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    asks = make_task(project=open_, **asking)
    others = (
        make_task(project=open_, status=TaskStatus.CANCELLED),
        make_task(project=gone, **asking),
    )
    for task in (asks, *others):
        make_gate(task)
    answer = client.get(PATH, query_string={"needsMe": "true"}, headers=login(admin))
    assert [task["id"] for task in answer.json["items"]] == [asks.id]
