"""Celery, beat, or Valkey between them go away: what they did goes on when they are back.

Each that is killed is missed by name within 30 s.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import redis
import sqlalchemy as sa

import config
from app.embedded import processes
from app.embedded.commands import RUNTIME_DIRECTORIES, stack_commands
from app.embedded.processes import Process, Program
from app.extensions import db
from app.factory import create_app
from app.services.ops import heartbeats
from tests.factories import make_machine
from tests.gunicorns import ROOT
from tests.outages.conftest import Server

Eventually = Callable[[Callable[[], bool]], None]


class Dispatchers:
    """Celery's workers and beat. No sweep takes a machine away that never speaks."""

    def __init__(self, server: Server) -> None:
        self._commands = stack_commands(server.home).processes
        self._home = server.home
        for name in RUNTIME_DIRECTORIES:  # which a stack makes
            (server.home / name).mkdir(exist_ok=True)
        self._env = {**server.env, "MUSTER_SILENCE_SECONDS": "3600"}
        self._running: dict[str, Process] = {}
        self._redis: Any = redis.Redis.from_url(server.env["REDIS_URL"])

    def start(self, name: str) -> None:
        log = self._home / f"{name}.log"
        program = Program(name, self._commands[name].argv, log, ROOT, self._env)
        self._running[name] = processes.spawn(program)

    def kill(self, name: str) -> float:
        """The moment of its death."""
        self._running[name].kill()
        assert self._running[name].wait(5) is not None
        return time.time()

    def beat_signed_at(self) -> float:
        """When beat has last sent something. Unix time, as all moments here."""
        return float(self._redis.get(heartbeats.BEAT) or 0)

    def end(self) -> None:
        for process in self._running.values():
            process.kill_group()
        self._redis.close()


@pytest.fixture(scope="module")
def dispatchers(running_server: Server) -> Iterator[Dispatchers]:
    """All run, beside a machine that is connected, as far as the rows say."""
    app = create_app(config.load(running_server.env))
    with app.app_context():
        db.session.execute(sa.text("TRUNCATE machines, tasks CASCADE"))
        make_machine(slots_total=1000)
        db.session.remove()
        db.engine.dispose()
    running = Dispatchers(running_server)
    try:
        for name in ("celery", "dispatcher", "beat"):
            running.start(name)
        yield running
    finally:
        running.end()


def missing(server: Server) -> list[str]:
    answer = httpx.get(server.gunicorn.url + "/readyz")
    found: list[str] = answer.json()["missing"]
    assert answer.status_code == (503 if found else 200)
    return found


def create_task(server: Server, description: str) -> Callable[[], dict[str, Any]]:
    """Makes a task; asks for it."""
    path = server.create_task(description).headers["Location"]

    def poll() -> dict[str, Any]:
        task: dict[str, Any] = server.http.get(path).json()
        return task

    return poll


def test_each_is_missed_by_its_name_and_its_work_goes_on_when_it_is_back(
    server: Server, dispatchers: Dispatchers, eventually: Eventually
) -> None:
    eventually(lambda: missing(server) == [])

    dispatchers.kill("celery")
    celery_died = dispatchers.kill("dispatcher")
    waiting = create_task(server, "nobody is there to hand this out")
    eventually(lambda: dispatchers.beat_signed_at() > celery_died + 3)
    beat_died = dispatchers.kill("beat")  # so much later that each is missed at its own time
    eventually(lambda: missing(server) == ["dispatcher", "sweeper"])
    assert time.time() - celery_died < 30
    assert waiting()["status"] == "queued"
    assert waiting()["waitingFor"] == {"reason": "dispatcher", "nextAction": "dispatch", "at": None}
    eventually(lambda: missing(server) == ["dispatcher", "sweeper", "beat"])
    assert time.time() - beat_died < 30

    dispatchers.start("dispatcher")
    eventually(lambda: waiting()["status"] == "assigned")
    woken = create_task(server, "wake-ups are enough for this")
    eventually(lambda: woken()["status"] == "assigned")
    assert missing(server) == ["sweeper", "beat"]

    dispatchers.start("beat")
    eventually(lambda: missing(server) == ["sweeper"])
    dispatchers.start("celery")
    eventually(lambda: missing(server) == [])


@pytest.mark.usefixtures("dispatchers")
def test_a_task_that_was_made_without_valkey_is_dispatched_when_it_is_back(
    server: Server, eventually: Eventually
) -> None:
    eventually(lambda: missing(server) == [])
    server.stop("valkey")
    made = server.create_task("nobody could be woken for this")
    assert (made.status_code, made.json()["status"]) == (201, "queued")
    path = made.headers["Location"]
    server.restart("valkey")
    eventually(lambda: server.http.get(path).json()["status"] == "assigned")
    eventually(lambda: missing(server) == [])
