"""Valkey goes away and comes back: only what is made of it suffers."""

import httpx
import pytest

from app.services.ops.readiness import HEARTBEATS
from tests.outages.conftest import Server, check_away


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_only_logins_need_it(server: Server, how: str) -> None:
    getattr(server, how)("valkey")
    check_away(server.login())
    check_away(server.login("a wrong password"))
    assert server.create_task(f"made without Valkey after a {how}").status_code == 201
    assert server.http.get("/api/web/tasks").status_code == 200
    ready = httpx.get(server.gunicorn.url + "/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (503, ["redis", *HEARTBEATS])
    server.restart("valkey")
    assert [server.login().status_code for _ in range(10)] == [200] * 10
    assert f"made without Valkey after a {how}" in server.descriptions()


def test_with_both_away_the_server_stays_and_needs_no_restart(server: Server) -> None:
    server.stop("valkey")
    server.stop("postgres")
    ready = httpx.get(server.gunicorn.url + "/readyz")
    assert ready.json()["missing"] == ["postgres", "redis", *HEARTBEATS]
    check_away(server.login())
    check_away(server.create_task("never"))
    server.restart("postgres")
    server.restart("valkey")
    assert server.login().status_code == 200
    assert server.create_task("both are back").status_code == 201
