"""Long responses count until they are completely sent."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.response_limits import ResponseLimiter
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer
from app.services import settings
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_developer, make_machine, make_project, make_task

Login = Callable[[Developer], dict[str, str]]


@pytest.fixture
def admin(app: Flask) -> Developer:
    admin = make_developer(role=SystemRole.ADMIN)
    settings.update(admin, {"readsPerDeveloper": 2})
    return admin


def test_each_developer_has_so_many() -> None:
    reads = ResponseLimiter()
    assert [reads.acquire(1, 2) for _ in range(3)] == [True, True, False]
    assert reads.acquire(2, 2)
    reads.release(1)
    assert reads.acquire(1, 2)


def test_one_too_many_is_told_to_wait(client: FlaskClient, admin: Developer, login: Login) -> None:
    attempt = make_attempt(make_task(), make_machine())
    logs.append(attempt, [LogSegment(0, 0, 0, b"a line\n")])
    db.session.commit()
    headers, path = login(admin), f"/api/web/tasks/{attempt.task_id}/logs/raw"
    held = [client.get(path, headers=headers) for _ in range(2)]
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(path, headers=login(make_developer(role=SystemRole.LEAD))).data == b"a line\n"
    held[0].close()
    assert client.get(path, headers=headers).data == b"a line\n"
    held[1].close()


def test_a_long_page_counts_and_a_short_one_does_not(
    client: FlaskClient, admin: Developer, login: Login
) -> None:
    headers = login(admin)
    reads: ResponseLimiter = client.application.extensions["response_limiter"]
    assert reads.acquire(admin.id, 2)
    assert reads.acquire(admin.id, 2)
    assert client.get("/api/web/tasks", headers=headers).status_code == 200
    project = make_project()
    for _ in range(20):
        make_task(project=project, description="d" * 20_000)
    answer = client.get("/api/web/tasks", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    for _ in range(2):
        reads.release(admin.id)
    assert client.get("/api/web/tasks", headers=headers).status_code == 200
