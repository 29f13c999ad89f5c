"""What surrounds a request: its id, its log line, and the document that describes it."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.guards import PUBLIC_ROUTES
from app.models import Developer
from tests.factories import PASSWORD, make_developer


def test_a_sane_request_id_is_kept(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": "job-7_b.3"})
    assert answer.headers["X-Request-ID"] == "job-7_b.3"


@pytest.mark.parametrize("given", ["", "a b", "ü", "x" * 65, 'a"b', "<script>"])
def test_any_other_is_replaced(client: FlaskClient, given: str) -> None:
    answers = [client.get("/healthz", headers={"X-Request-ID": given}) for _ in range(2)]
    made = {answer.headers["X-Request-ID"] for answer in answers}
    assert len(made) == 2
    assert all(len(one) == 32 for one in made)


def test_a_request_is_one_line_without_secrets(
    client: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    login: Callable[[Developer], dict[str, str]],
) -> None:
    developer = make_developer()
    headers = login(developer)
    caplog.clear()
    body = {"refreshToken": "mst_refresh_secret"}
    answer = client.post("/api/auth/logout?token=s3cret", json=body, headers=headers)
    [line] = [record.msg for record in caplog.records if record.msg["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/api/auth/logout", 200)
    assert line["developer"] == developer.id
    assert not [word for word in ("mst_", "s3cret", "Bearer", PASSWORD) if word in str(line)]


def test_probes_are_not_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/healthz")
    assert not caplog.records


def test_nothing_is_open_that_does_not_exist(app: Flask) -> None:
    assert set(PUBLIC_ROUTES) <= {rule.rule for rule in app.url_map.iter_rules()}
