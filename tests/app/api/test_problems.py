"""Every error is a problem document that says what to do, and nothing about our insides."""

import json
from collections.abc import Callable

import pytest
import redis.exceptions
import sqlalchemy.exc
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kombu.exceptions import OperationalError
from werkzeug.exceptions import ImATeapot
from werkzeug.test import TestResponse

import config
from app.api.field_errors import flatten_errors
from app.domain import errors, field_errors
from app.domain.roles import SystemRole
from app.errors import STATUS, problem
from app.factory import create_app
from app.models import Developer
from tests.conftest import NOWHERE, SECRETS
from tests.factories import make_developer

Login = Callable[[Developer], dict[str, str]]


def check(answer: TestResponse, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"]
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"]


@pytest.fixture
def broken() -> Callable[[Exception], TestResponse]:
    """Answers of an app without servers, one of whose routes raises."""
    app = create_app(config.load({**SECRETS, **NOWHERE}))

    def answer(error: Exception) -> TestResponse:
        def fail() -> None:
            raise error

        app.view_functions["ops.healthz"] = fail
        return app.test_client().get("/healthz")

    return answer


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.DomainError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_domain_error_has_a_status(
    broken: Callable[[Exception], TestResponse], kind: type[errors.DomainError]
) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "what happened")
    error.errors = {"name": [field_errors.BLANK]}  # type: ignore[attr-defined]
    error.retry_after = 7  # type: ignore[attr-defined]
    expected = next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)
    answer = broken(error)
    check(answer, expected, kind.code)
    assert answer.get_json()["detail"] == "what happened"
    assert ("WWW-Authenticate" in answer.headers) == (expected == 401)
    assert ("Retry-After" in answer.headers) == (expected in (429, 503))


@pytest.mark.parametrize(
    "error",
    [
        sqlalchemy.exc.OperationalError("SELECT secret", {}, Exception("gone")),
        sqlalchemy.exc.InterfaceError("SELECT secret", {}, Exception("closed")),
        sqlalchemy.exc.TimeoutError("the pool is empty"),
        redis.exceptions.ConnectionError("refused"),
        redis.exceptions.TimeoutError("slow"),
        redis.exceptions.BusyLoadingError("loading"),
        OperationalError("no broker"),
    ],
    ids=lambda error: type(error).__module__ + "." + type(error).__name__,
)
def test_an_absent_server_is_503_with_retry_after(
    broken: Callable[[Exception], TestResponse], error: Exception
) -> None:
    answer = broken(error)
    check(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "SELECT" not in answer.text


@pytest.mark.parametrize("error", [KeyError("s3cret"), RecursionError(), AssertionError("s3cret")])
def test_an_unknown_error_is_500_and_logged_with_the_request_id(
    broken: Callable[[Exception], TestResponse],
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = broken(error)
    check(answer, 500, "internal_error")
    assert "s3cret" not in answer.text
    logged = next(r.msg for r in caplog.records if r.msg["event"] == "unexpected_error")
    assert logged["request_id"] == answer.headers["X-Request-ID"]
    assert logged["exc_info"] is error


def test_a_refusal_of_the_framework_keeps_its_headers(
    broken: Callable[[Exception], TestResponse],
) -> None:
    check(broken(ImATeapot()), 418, "i'm_a_teapot")


def test_a_method_that_is_not_there_is_405_and_says_which_are(client: FlaskClient) -> None:
    answer = client.delete("/healthz")
    check(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_path_that_leads_nowhere_is_404(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer())
    for path in ("/nowhere", "/api/web/nowhere", "/api/web/tasks/%00", "//api/web/tasks"):
        answer = client.get(path, headers=headers)
        assert answer.status_code in (400, 404)
        assert answer.mimetype == "application/problem+json"
        assert "URL" not in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/api/web/tasks/*"), ("post", "/api/admin/bots/*/bindings")],
)
def test_a_path_with_a_number_that_no_id_can_have_is_404_with_every_method(
    client: FlaskClient, login: Login, method: str, path: str
) -> None:
    headers = login(make_developer(role=SystemRole.ADMIN))
    nowhere = path.replace("*", "9223372036854775808")
    check(client.open(nowhere, method=method, json={}, headers=headers), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"username": ' + b"9" * 5000 + b', "password": "x"}',
        b"{'username': 'a'}",
    ],
    ids=["cut off", "not UTF-8", "deep", "huge number", "single quotes"],
)
def test_malformed_json_is_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/auth/login", data=body, content_type="application/json")
    check(answer, 400, "malformed_request")
    assert answer.json["detail"].startswith("The body is not valid JSON")


def test_malformed_json_is_told_where(client: FlaskClient) -> None:
    answer = client.post(
        "/api/auth/login", data=b'{\n  "username": }', content_type="application/json"
    )
    assert "(line 2, column 15)" in answer.json["detail"]


@pytest.mark.parametrize("body", [b"", b"null"])
def test_no_body_is_422(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/auth/login", data=body, content_type="application/json")
    check(answer, 422, "validation_failed")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_no_json_is_415(client: FlaskClient, kind: str | None) -> None:
    answer = client.post("/api/auth/login", data=b"username=a", content_type=kind)
    check(answer, 415, "unsupported_media_type")


def test_a_body_over_a_mebibyte_is_413(client: FlaskClient) -> None:
    big = json.dumps({"username": "a", "password": "p" * (1 << 20)})
    answer = client.post("/api/auth/login", data=big, content_type="application/json")
    check(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, {"username": "required", "password": "required"}),
        ({"username": "a", "password": "b", "unknown": 1}, {"unknown": "unknown_field"}),
        (
            {"username": 1, "password": ["b"]},
            {"username": "not_a_string", "password": "not_a_string"},
        ),
        ({"username": "a\0", "password": "b"}, {"username": "not_text"}),
        ({"username": "a", "password": "\ud800"}, {"password": "not_text"}),
        ({"username": "", "password": None}, {"username": "wrong_length", "password": "null"}),
        ([], {"body": "not_an_object"}),
        ("text", {"body": "not_an_object"}),
    ],
)
def test_a_bad_field_is_422_and_named_with_a_code(
    client: FlaskClient, body: object, found: dict[str, str]
) -> None:
    answer = client.post("/api/auth/login", json=body)
    check(answer, 422, "validation_failed")
    problem_body = answer.get_json()
    assert {
        field: len(messages) for field, messages in problem_body["errors"].items()
    } == dict.fromkeys(found, 1)
    assert {field: code["code"] for field, [code] in problem_body["errorCodes"].items()} == found


def test_the_values_in_the_words_come_with_the_code(client: FlaskClient) -> None:
    body = {"username": "a" * 201, "password": "b"}
    problem_body = client.post("/api/auth/login", json=body).get_json()
    assert problem_body["errors"] == {"username": ["Length must be between 1 and 200."]}
    code = {"code": "wrong_length", "params": {"min": 1, "max": 200}}
    assert problem_body["errorCodes"] == {"username": [code]}


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)


@given(body=json_values | st.fixed_dictionaries({"username": json_values, "password": json_values}))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_body_breaks_the_login_route(client: FlaskClient, body: object) -> None:
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code in (400, 401, 422)
    assert answer.mimetype == "application/problem+json"


def test_nested_messages_become_paths() -> None:
    messages = {
        "json": {
            "pipeline": {0: {"name": ["too long"], "_schema": ["odd"]}, 2: ["no"]},
            "_schema": ["not an object"],
        }
    }
    assert flatten_errors(messages) == {
        "pipeline.0.name": ["too long"],
        "pipeline.0": ["odd"],
        "pipeline.2": ["no"],
        "body": ["not an object"],
    }


def test_what_needs_postgres_is_503_while_it_is_away() -> None:
    client = create_app(config.load({**SECRETS, **NOWHERE})).test_client()
    answer = client.post("/api/auth/login", json={"username": "a", "password": "b"})
    check(answer, 503, "unavailable")


def test_a_problem_without_fields_names_none(app: Flask) -> None:
    assert "errors" not in problem(409, "conflict", "no").get_json()
