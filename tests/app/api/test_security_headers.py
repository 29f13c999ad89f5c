"""Headers that every response has, for any client and request."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from app.factory import create_app
from tests.conftest import NOWHERE, SECRETS
from tests.contract.rights_bodies import body_of
from tests.contract.rights_table import FRAMES, ROUTES
from tests.contract.rights_world import World, make_world
from tests.factories import make_developer

ASKED = sorted(route for route, access in ROUTES.items() if access.credential_kind != FRAMES)
STREAMS = ("GET /api/web/stream", "GET /api/web/tasks/*/stream")
# Answers that may be kept by the one who asked for them, to be asked for again by their ETag.
KEPT = {
    f"GET /api/web/tasks/*/{what}"
    for what in ("diff", "evidence", "files", "images/*", "logs/raw", "recording")
}
TLS = "max-age=31536000"


def judge(answer: Any, route: str = "") -> None:
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff", route
    kept = "ETag" in headers and route in KEPT
    assert headers["Cache-Control"] == ("private, no-cache" if kept else "no-store"), route
    if answer.mimetype == "text/html":
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"


def send(client: FlaskClient, world: World, route: str, **headers: str) -> Any:
    method, path = route.split()
    there, _ = world.named_in(route)
    return client.open(
        path.replace("*", there), method=method, json=body_of(route, world), headers=headers
    )


def test_no_answer_of_any_route_is_kept_or_guessed_at(app: Flask, client: FlaskClient) -> None:
    world = make_world(app)
    for route in ASKED:
        judge(send(client, world, route))
    for route in [one for one in ASKED if one.startswith("GET") and one not in STREAMS]:
        judge(send(client, world, route, **world.headers("admin")), route)


@pytest.mark.parametrize("route", STREAMS)
def test_nor_is_a_stream(app: Flask, client: FlaskClient, route: str) -> None:
    world = make_world(app)
    answer = send(client, world, route, **world.headers("admin"))
    assert answer.mimetype == "text/event-stream"
    judge(answer)
    answer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/healthz", 405),
        ("OPTIONS", "/healthz", 200),
        ("HEAD", "/api/docs", 200),
        ("GET", "/readyz", 503),
        ("POST", "/api/auth/login", 503),
        ("GET", "/ws/pty/1", 400),
        ("GET", "/api/workers/connect", 400),
    ],
)
def test_nor_is_what_is_no_answer_of_a_route(method: str, path: str, status: int) -> None:
    lonely = create_app(config.load({**SECRETS, **NOWHERE})).test_client()
    body = {"username": "x", "password": "y"} if method == "POST" else None
    answer = lonely.open(path, method=method, json=body)
    assert answer.status_code == status
    judge(answer)


def test_a_page_is_shown_within_no_other(client: FlaskClient) -> None:
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    assert re.search(r"default-src 'none'.*frame-ancestors 'none'", policy)


@pytest.mark.parametrize(
    ("proxies", "scheme", "forwarded", "is_told"),
    [
        ([""], "http", None, False),
        ([""], "https", None, True),
        ([""], "http", "https", False),
        (["10.0.0.1"], "http", "https", False),
        (["127.0.0.1"], "http", "https", True),
        (["127.0.0.1"], "http", "HTTPS", True),
        (["127.0.0.1"], "http", "https, http", False),
        (["127.0.0.1"], "http", "http", False),
        (["*"], "http", "https", True),
    ],
)
def test_browsers_come_back_by_tls_where_there_is_some(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    proxies: list[str],
    scheme: str,
    forwarded: str | None,
    is_told: bool,
) -> None:
    monkeypatch.setitem(app.config, "PROXIES", proxies)
    headers = {"X-Forwarded-Proto": forwarded} if forwarded else {}
    answer = client.get("/healthz", base_url=f"{scheme}://muster", headers=headers)
    assert answer.headers.get("Strict-Transport-Security") == (TLS if is_told else None)


SCRAPE = "scrape-" + "7c1f09ab52de4468" * 2


@pytest.mark.parametrize(
    ("proxies", "peer", "headers", "status"),
    [
        ([""], "127.0.0.1", {}, 200),
        ([""], "127.8.8.8", {}, 200),
        ([""], "::1", {}, 200),
        ([""], "::ffff:127.0.0.1", {}, 200),
        ([""], "10.0.0.9", {}, 401),
        ([""], "10.0.0.9", {"X-Forwarded-For": "127.0.0.1"}, 401),
        # An unknown proxy.
        ([""], "127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 401),
        ([""], "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 401),
        ([""], "127.0.0.1", {"Via": "1.1 proxy"}, 401),
        # A configured proxy on this host.
        (["127.0.0.1"], "127.0.0.1", {}, 401),
        (["127.0.0.1"], "127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 401),
        (["127.0.0.1"], "127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 10.0.0.9"}, 401),
        (["127.0.0.1"], "127.0.0.1", {"X-Forwarded-For": "10.0.0.9, 127.0.0.1"}, 200),
        (["127.0.0.1"], "127.0.0.1", {"X-Forwarded-For": "127.0.0.1x"}, 401),
        (["*"], "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 401),
        # A page of a browser on this host, by a name that its author has pointed here.
        ([""], "127.0.0.1", {"Host": "evil.example"}, 401),
        ([""], "127.0.0.1", {"Host": "evil.example:9000"}, 401),
        ([""], "127.0.0.1", {"Host": "[::1]:9000"}, 200),
        (["127.0.0.1"], "127.0.0.1", {"Host": "evil.example", "X-Forwarded-For": "127.0.0.1"}, 401),
        ([""], "10.0.0.9", {"Host": "any", "Authorization": f"Bearer {SCRAPE}"}, 200),
        ([""], "10.0.0.9", {"Authorization": f"Bearer {SCRAPE}"}, 200),
        ([""], "10.0.0.9", {"Authorization": f"Bearer {SCRAPE[:-1]}"}, 401),
        ([""], "10.0.0.9", {"Authorization": "Bearer "}, 401),
    ],
)
def test_metrics_are_for_this_host_and_the_scrape_token(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    proxies: list[str],
    peer: str,
    headers: dict[str, str],
    status: int,
) -> None:
    monkeypatch.setitem(app.config, "PROXIES", proxies)
    monkeypatch.setitem(app.config, "METRICS_TOKEN", SCRAPE)
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


def test_without_a_scrape_token_none_is_taken(client: FlaskClient) -> None:
    for credential in ("", "None", "x"):
        answer = client.get(
            "/metrics",
            headers={"Authorization": f"Bearer {credential}"},
            environ_base={"REMOTE_ADDR": "10.0.0.9"},
        )
        assert answer.status_code == 401


def test_the_scrape_token_opens_nothing_else(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "METRICS_TOKEN", SCRAPE)
    make_developer()
    headers = {"Authorization": f"Bearer {SCRAPE}"}
    for path in ("/api/web/tasks", "/api/admin/settings", "/api/workers/refresh-token"):
        assert client.get(path, headers=headers).status_code in (401, 405)
