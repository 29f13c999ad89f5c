"""A page of log lines, which is streamed and has a size."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.api.pagination import PAGE_BYTES
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, Developer
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_developer, make_machine, make_task

Login = Callable[[Developer], dict[str, str]]

WORST = [
    pytest.param(b"x" * 65_535, id="letters"),
    pytest.param(b"\x1b" * 65_535, id="escapes"),
    pytest.param(b"\xff" * 65_535, id="no UTF-8"),
    pytest.param("😀é".encode() * 10_922, id="cut in the middle of a letter"),
]


@pytest.fixture
def headers(app: object, login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


@pytest.fixture
def attempt(app: object) -> Attempt:
    return make_attempt(make_task(), make_machine())


def write(attempt: Attempt, *lines: bytes) -> None:
    for line in lines:
        logs.append(attempt, [LogSegment(attempt.log_bytes, 0, 0, line + b"\n")])
    db.session.commit()


@pytest.mark.parametrize("line", WORST)
def test_a_page_ends_at_four_mebibytes_and_says_where_to_go_on(
    client: FlaskClient, attempt: Attempt, headers: dict[str, str], line: bytes
) -> None:
    write(attempt, *[line] * 70)
    following, numbers = 0, []
    while following is not None:
        path = f"/api/web/tasks/{attempt.task_id}/logs?limit=1000&offset={following}"
        answer = client.get(path, headers=headers)
        assert len(answer.data) <= PAGE_BYTES
        page = json.loads(answer.data)
        assert {item["text"] for item in page["items"]} == {line.decode("utf-8", "replace")}
        numbers += [item["number"] for item in page["items"]]
        following = page["nextOffset"]
    assert numbers == list(range(70))


def test_the_end_of_the_log_has_nothing_behind_it(
    client: FlaskClient, attempt: Attempt, headers: dict[str, str]
) -> None:
    write(attempt, b"one", b"two", b"three")

    def page(query: str) -> tuple[list[str], int | None]:
        found = client.get(f"/api/web/tasks/{attempt.task_id}/logs?{query}", headers=headers).json
        return [item["text"] for item in found["items"]], found["nextOffset"]

    assert page("limit=2") == (["one", "two"], 2)
    assert page("limit=2&offset=2") == (["three"], None)
    assert page("limit=3") == (["one", "two", "three"], None)
    assert page("offset=3") == ([], None)
    assert page("offset=-2&limit=1") == (["two"], 2)
    assert [page(f"limit=1&byte={at}")[0] for at in (0, 3, 4, 7, 8, 13)] == [
        *[["one"]] * 2,
        *[["two"]] * 2,
        *[["three"]] * 2,
    ]
    assert page("byte=14") == ([], None)
    empty = client.get(f"/api/web/tasks/{make_task().id}/logs", headers=headers).json
    assert empty == {"items": [], "total": 0, "limit": 50, "offset": 0, "nextOffset": None}
