"""Valkey goes away and comes back: only what is made of it suffers."""

from collections.abc import Callable, Iterator

import httpx
import pytest

import config
from app.embedded import processes
from app.embedded.commands import commands
from app.embedded.processes import Process, Program
from app.extensions import db
from app.factory import create_app
from app.services.ops.readiness import SIGNS
from tests.factories import make_machine
from tests.gunicorns import ROOT
from tests.outages.conftest import Server, check_away

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def machine(server: Server) -> None:
    """One that is connected, as far as the rows say."""
    app = create_app(config.load(server.env))
    with app.app_context():
        make_machine(slots_total=1000)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def dispatchers(server: Server) -> Iterator[None]:
    """Celery's workers and beat; no sweep takes the silent machine away."""
    env = {**server.env, "MUSTER_SILENCE_SECONDS": "3600"}
    known = commands(server.home).processes
    running: list[Process] = []
    for name in ("celery", "dispatcher", "beat"):
        log = server.home / f"{name}.log"
        running.append(processes.spawn(Program(name, known[name].argv, log, ROOT, env)))
    yield
    for process in reversed(running):
        process.stop()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_only_logins_need_it(server: Server, how: str) -> None:
    getattr(server, how)("valkey")
    check_away(server.login())
    check_away(server.login("a wrong password"))
    assert server.create_task(f"made without Valkey after a {how}").status_code == 201
    assert server.http.get("/api/web/tasks").status_code == 200
    ready = httpx.get(server.gunicorn.url + "/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (503, ["redis", *SIGNS])
    server.restart("valkey")
    assert [server.login().status_code for _ in range(10)] == [200] * 10
    assert f"made without Valkey after a {how}" in server.descriptions()


@pytest.mark.usefixtures("machine", "dispatchers")
def test_a_task_that_was_made_meanwhile_is_dispatched_when_it_is_back(
    server: Server, eventually: Eventually
) -> None:
    ready = server.gunicorn.url + "/readyz"
    eventually(lambda: httpx.get(ready).status_code == 200)
    server.stop("valkey")
    made = server.create_task("nobody could be woken for this")
    assert (made.status_code, made.json()["status"]) == (201, "queued")
    path = made.headers["Location"]
    server.restart("valkey")
    eventually(lambda: server.http.get(path).json()["status"] == "assigned")
    eventually(lambda: httpx.get(ready).status_code == 200)


def test_with_both_away_the_server_stays_and_needs_no_restart(server: Server) -> None:
    server.stop("valkey")
    server.stop("postgres")
    ready = httpx.get(server.gunicorn.url + "/readyz")
    assert ready.json()["missing"] == ["postgres", "redis", *SIGNS]
    check_away(server.login())
    check_away(server.create_task("never"))
    server.restart("postgres")
    server.restart("valkey")
    assert server.login().status_code == 200
    assert server.create_task("both are back").status_code == 201
