"""Idempotency-Key on POST /api/web/tasks: sent twice, done once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.machine import MachineStatus
from app.extensions import db
from app.models import Developer, IdempotencyKey, Project, Task
from app.services import idempotency
from app.services.tasks import tasks
from tests.app.services.statements import counted
from tests.factories import (
    make_developer,
    make_machine,
    make_personal_token,
    make_project,
)

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/tasks"
KEY = {"Idempotency-Key": "7f1c"}


@pytest.fixture
def body(project: Project) -> dict[str, Any]:
    return {"projectKey": project.key, "description": "Do it."}


def count(kind: type[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def test_the_same_request_is_answered_as_the_first_time(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    first = client.post(PATH, json=body, headers=headers | KEY)
    client.post(f"{first.headers['Location']}/cancel", headers=headers)  # what came later
    again = client.post(PATH, json=body, headers=headers | KEY)
    assert first.status_code == again.status_code == 201, again.json
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"] == f"{PATH}/{first.json['id']}"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(Task) == 1


def test_a_key_changes_nothing_of_the_answer(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    keyed = client.post(PATH, json=body, headers=headers | KEY).json
    plain = client.post(PATH, json=body, headers=headers).json
    for own in ("id", "taskBranch", "createdAt", "updatedAt"):
        assert keyed.pop(own)
        assert plain.pop(own)
    assert keyed == plain


def test_what_is_said_by_default_may_be_said_aloud(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    client.post(PATH, json=body, headers=headers | KEY)
    aloud = {"priority": 0, "machineId": None, **body}
    assert client.post(PATH, json=aloud, headers=headers | KEY).status_code == 201
    assert count(Task) == 1


@pytest.mark.parametrize("other", [{"description": "Do more."}, {"priority": 1}], ids=str)
def test_a_key_is_good_for_one_request(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any], other: dict[str, Any]
) -> None:
    client.post(PATH, json=body, headers=headers | KEY)
    answer = client.post(PATH, json=body | other, headers=headers | KEY)
    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_reused")
    assert count(Task) == 1


def test_each_developer_has_keys_of_their_own(
    client: FlaskClient, project: Project, headers: dict[str, str], login: Login, body: Any
) -> None:
    other = make_developer(role="lead")
    maker = make_project(members=[other])
    mine = client.post(PATH, json=body, headers=headers | KEY)
    theirs = client.post(PATH, json=body | {"projectKey": maker.key}, headers=login(other) | KEY)
    assert (mine.status_code, theirs.status_code) == (201, 201)


def test_a_login_and_a_personal_token_share_their_developers_keys(
    client: FlaskClient, developer: Developer, headers: dict[str, str], body: dict[str, Any]
) -> None:
    _, secret = make_personal_token(developer)
    first = client.post(PATH, json=body, headers=headers | KEY)
    again = client.post(PATH, json=body, headers={"Authorization": f"Bearer {secret}"} | KEY)
    assert first.data == again.data


@pytest.mark.parametrize(
    "key", ["", "x" * 256, "clé", "a\tb", "\x7f"], ids=["empty", "long", "é", "tab", "delete"]
)
def test_a_key_is_some_plain_text(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any], key: str
) -> None:
    answer = client.post(PATH, json=body, headers=headers | {"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert count(Task) == 0


@pytest.mark.parametrize("key", ["x", "~" * 255, 'a "quoted" one; so%27'], ids=len)
def test_a_key_may_be_any_plain_text(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any], key: str
) -> None:
    for _ in range(2):
        answer = client.post(PATH, json=body, headers=headers | {"Idempotency-Key": key})
        assert answer.status_code == 201
    assert count(Task) == 1


@pytest.mark.parametrize(
    ("wrong", "status"), [({"projectKey": "nowhere"}, 404), ({"priority": "x"}, 422)], ids=str
)
def test_a_request_that_failed_leaves_its_key_free(
    client: FlaskClient,
    headers: dict[str, str],
    body: dict[str, Any],
    wrong: dict[str, Any],
    status: int,
) -> None:
    assert client.post(PATH, json=body | wrong, headers=headers | KEY).status_code == status
    assert count(IdempotencyKey) == 0
    assert client.post(PATH, json=body, headers=headers | KEY).status_code == 201


def test_a_transaction_that_was_rolled_back_leaves_its_key_free(
    developer: Developer, project: Project
) -> None:
    def lost(remember: Callable[[Task], None]) -> Task:
        tasks.create(developer, project_key=key, description="x", remember=and_fail(remember))
        raise AssertionError

    def and_fail(remember: Callable[[Task], None]) -> Callable[[Task], None]:
        def act(task: Task) -> None:
            remember(task)
            raise ConnectionError  # before the commit

        return act

    key = project.key
    with pytest.raises(ConnectionError):
        idempotency.run_once(developer, "k", {}, lost, lambda task: {"id": task.id}, lambda: None)
    db.session.rollback()
    assert count(Task) == count(IdempotencyKey) == 0


def test_the_first_answer_stands_when_its_machine_is_gone(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    machine = make_machine()
    body["machineId"] = str(machine.id)
    first = client.post(PATH, json=body, headers=headers | KEY)
    machine.status = MachineStatus.DECOMMISSIONED
    db.session.commit()
    assert client.post(PATH, json=body, headers=headers | KEY).data == first.data
    assert client.post(PATH, json=body, headers=headers).status_code == 422


def test_who_may_no_longer_see_the_project_is_not_answered_again(
    client: FlaskClient, project: Project, headers: dict[str, str], body: dict[str, Any]
) -> None:
    client.post(PATH, json=body, headers=headers | KEY)
    db.session.execute(sa.text("DELETE FROM project_members"))
    assert client.post(PATH, json=body, headers=headers | KEY).status_code == 404


def test_a_key_is_free_again_after_a_day(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    client.post(PATH, json=body, headers=headers | KEY)
    for hours, made in ((23, 1), (24, 2)):
        row = db.session.scalars(sa.select(IdempotencyKey)).one()
        row.created_at -= timedelta(hours=hours)
        db.session.commit()
        client.post(PATH, json=body, headers=headers | KEY)
        assert count(Task) == made


def test_of_many_same_requests_at_once_one_makes_a_task_and_all_answer_it(
    committed_app: Flask, login: Login
) -> None:
    developer = make_developer()
    body = {"projectKey": make_project(members=[developer]).key, "description": "Do it."}
    headers = login(developer)
    barrier = threading.Barrier(8)

    def post(number: int) -> tuple[int, bytes, bool]:
        client = committed_app.test_client()
        barrier.wait(timeout=10)
        key = {"Idempotency-Key": f"round {number}"}
        answer = client.post(PATH, json=body, headers=headers | key)
        return answer.status_code, answer.data, "Idempotency-Replayed" in answer.headers

    with ThreadPoolExecutor(8) as pool:
        for number in range(5):
            answers = list(pool.map(post, [number] * 8))
            assert {status for status, _, _ in answers} == {201}
            assert len({data for _, data, _ in answers}) == 1
            assert [replayed for *_, replayed in answers].count(False) == 1
    assert count(Task) == count(IdempotencyKey) == 5


def test_a_key_costs_two_statements_and_none_costs_none(
    committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    body = {"projectKey": make_project(members=[developer]).key, "description": "Do it."}
    headers, sent = login(developer), []
    committed_client.post(PATH, json=body, headers=headers | {"Idempotency-Key": "first"})
    for key in ({}, KEY):
        with counted() as statements:
            assert committed_client.post(PATH, json=body, headers=headers | key).json
        sent.append(len(statements))
        assert ("idempotency" in repr(statements)) == bool(key)
    assert sent[1] == sent[0] + 2


def test_the_header_is_documented(client: FlaskClient) -> None:
    operation = client.get("/api/openapi.json").json["paths"][PATH]["post"]
    (header,) = (each for each in operation["parameters"] if each["in"] == "header")
    assert header["name"] == "Idempotency-Key"
    assert not header["required"]
    assert (header["schema"]["minLength"], header["schema"]["maxLength"]) == (1, 255)
    assert "Idempotency-Replayed" in operation["responses"]["201"]["headers"]
    assert "409" in operation["responses"]


def test_a_repetition_makes_nothing_and_locks_nothing(
    committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    project = make_project(members=[developer])
    body = {"projectKey": project.key, "description": "Do it."}
    headers = login(developer) | KEY
    first = committed_client.post(PATH, json=body, headers=headers)
    # Who changes the project holds its row meanwhile.
    with db.engine.connect() as other:
        other.execute(sa.text("SELECT 1 FROM projects FOR UPDATE"))
        with counted() as statements:
            again = committed_client.post(PATH, json=body, headers=headers)
    assert (again.status_code, again.json) == (201, first.json)
    assert not [line for line in statements if "INSERT" in line or " FOR " in line]
