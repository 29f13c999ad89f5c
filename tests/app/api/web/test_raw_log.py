"""/api/web/tasks/:id/logs/raw: exact bytes, in whole or in part."""

import random
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.attempt import AttemptOutcome
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_developer, make_machine, make_task

Login = Callable[[Developer], dict[str, str]]
BODY = random.Random(1).randbytes(700_000)  # more than two chunks


@pytest.fixture
def headers(app: object, login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


@pytest.fixture
def attempt(app: object) -> Attempt:
    return make_attempt(make_task(), make_machine())


@pytest.fixture
def path(attempt: Attempt) -> str:
    return f"/api/web/tasks/{attempt.task_id}/logs/raw"


def write(attempt: Attempt, *pieces: bytes) -> None:
    for piece in pieces:
        logs.append(attempt, [LogSegment(attempt.log_bytes, 0, 0, piece)])
    db.session.commit()


def write_body(attempt: Attempt) -> None:
    write(attempt, *(BODY[at : at + 100_000] for at in range(0, len(BODY), 100_000)))


def test_the_whole_log_is_served_byte_for_byte(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write_body(attempt)
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.data == BODY
    assert answer.content_type == "application/octet-stream"
    assert answer.content_length == len(BODY)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"1-{len(BODY)}"'
    assert "X-Log-Gaps" not in answer.headers


def test_a_task_without_an_attempt_has_an_empty_log(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.get(f"/api/web/tasks/{make_task().id}/logs/raw", headers=headers)
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 0)


@pytest.mark.parametrize(
    ("asked", "expected", "named"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-5", b"2345", "bytes 2-5/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ],
)
def test_a_range_is_served_alone(
    client: FlaskClient,
    attempt: Attempt,
    path: str,
    headers: dict[str, str],
    asked: str,
    expected: bytes,
    named: str,
) -> None:
    write(attempt, b"0123", b"456", b"789")
    answer = client.get(path, headers={**headers, "Range": asked})
    assert (answer.status_code, answer.data) == (206, expected)
    assert answer.headers["Content-Range"] == named
    assert answer.content_length == len(expected)


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=x", "bytes=5-2", "junk"])
def test_what_is_not_one_range_of_bytes_gets_the_whole(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str], asked: str
) -> None:
    write(attempt, b"0123456789")
    answer = client.get(path, headers={**headers, "Range": asked})
    assert (answer.status_code, answer.data) == (200, b"0123456789")


@pytest.mark.parametrize("log", [b"", b"0123456789"])
def test_a_range_behind_the_end_is_refused_with_the_length(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str], log: bytes
) -> None:
    write(attempt, log)
    answer = client.get(path, headers={**headers, "Range": f"bytes={len(log)}-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(log)}")
    assert answer.content_type == "application/problem+json"


def test_if_range_gives_the_rest_of_the_same_log_and_else_the_whole(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write(attempt, b"01234")
    etag = client.get(path, headers=headers).headers["ETag"]
    rest = {**headers, "Range": "bytes=3-", "If-Range": etag}
    assert client.get(path, headers=rest).data == b"34"
    write(attempt, b"56789")
    grown = client.get(path, headers=rest)
    assert (grown.status_code, grown.data) == (200, b"0123456789")
    rest["If-Range"] = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert client.get(path, headers=rest).status_code == 200


def test_an_unchanged_log_is_not_sent_again(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write(attempt, b"01234")
    etag = client.get(path, headers=headers).headers["ETag"]
    again = client.get(path, headers={**headers, "If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    write(attempt, b"5")
    assert client.get(path, headers={**headers, "If-None-Match": etag}).status_code == 200


def test_head_tells_the_length_and_sends_nothing(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write(attempt, b"01234")
    answer = client.head(path, headers={**headers, "Range": "bytes=1-2"})
    assert (answer.status_code, answer.data, answer.content_length) == (200, b"", 5)


def test_each_attempt_has_its_own_log(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write(attempt, b"one")
    attempt.outcome, attempt.ended_at = AttemptOutcome.LOST, attempt.assigned_at
    second = make_attempt(db.session.get_one(Task, attempt.task_id), make_machine())
    write(second, b"two")
    assert client.get(path, headers=headers).data == b"two"
    assert client.get(f"{path}?attempt=1", headers=headers).data == b"one"
    assert client.get(f"{path}?attempt=3", headers=headers).status_code == 404


def test_lost_bytes_are_named_and_the_length_is_what_is_there(
    client: FlaskClient, attempt: Attempt, path: str, headers: dict[str, str]
) -> None:
    write(attempt, b"01234")
    logs.record_gap(attempt, 5, 1000)
    write(attempt, b"56")
    logs.record_gap(attempt, 1002, 1003)
    write(attempt, b"789")
    answer = client.get(path, headers=headers)
    assert answer.data == b"0123456789"
    assert answer.content_length == 10
    assert answer.headers["X-Log-Gaps"] == "5-1000, 1002-1003"
    for first in range(10):
        for last in range(first, 10):
            asked = {**headers, "Range": f"bytes={first}-{last}"}
            assert client.get(path, headers=asked).data == b"0123456789"[first : last + 1]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bounds=st.tuples(st.integers(0, len(BODY) - 1), st.integers(0, len(BODY) - 1)))
def test_any_range_is_exact(
    client: FlaskClient,
    attempt: Attempt,
    path: str,
    headers: dict[str, str],
    bounds: tuple[int, int],
) -> None:
    if attempt.log_bytes == 0:
        write_body(attempt)
    first, last = sorted(bounds)
    answer = client.get(path, headers={**headers, "Range": f"bytes={first}-{last}"})
    assert answer.data == BODY[first : last + 1]


def test_no_connection_is_held_while_a_slow_client_reads(
    committed_client: FlaskClient, login: Login
) -> None:
    attempt = make_attempt(make_task(), make_machine())
    write_body(attempt)
    headers = login(make_developer(role=SystemRole.ADMIN))
    path = f"/api/web/tasks/{attempt.task_id}/logs/raw"
    db.session.remove()
    answer = committed_client.get(path, headers=headers, buffered=False)
    pieces = iter(answer.response)
    assert next(pieces)
    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    answer.close()
