"""One server for all here, whose Postgres and Valkey come and go; and a pair of them."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.embedded import Services, processes, start
from app.embedded.commands import stack_commands
from app.embedded.processes import Program
from tests.conftest import SECRETS
from tests.gunicorns import ROOT, Gunicorn, end_at_once, gunicorn
from tests.outages.pair import Pair

PASSWORD = "an outage is no excuse"
SECONDS = 30.0


@dataclass
class Server:
    """A gunicorn of two processes, its servers, and an admin who is signed in on `http`."""

    services: Services
    gunicorn: Gunicorn
    http: httpx.Client
    home: Path
    env: dict[str, str]

    def stop(self, name: str) -> None:
        self.services.processes[name].stop()

    def kill(self, name: str) -> None:
        self.services.processes[name].kill()
        assert self.services.processes[name].wait(SECONDS) is not None

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """While this lasts it takes connections, as its kernel does, and says nothing."""
        self.services.processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.services.processes[name].send_signal(signal.SIGCONT)

    def restart(self, name: str) -> None:
        self.services.restart(name)

    def login(self, password: str = PASSWORD) -> httpx.Response:
        body = {"username": "admin", "password": password}
        return httpx.post(self.gunicorn.url + "/api/auth/login", json=body, timeout=SECONDS)

    def create_task(self, description: str) -> httpx.Response:
        body = {"projectKey": "P", "description": description}
        return self.http.post("/api/web/tasks", json=body)

    def descriptions(self) -> set[str]:
        """Of all tasks."""
        found: set[str] = set()
        cursor: dict[str, str] = {}
        while True:
            page = self.http.get("/api/web/tasks", params={"limit": "200", **cursor}).json()
            found |= {task["description"] for task in page["items"]}
            if page["nextCursor"] is None:
                return found
            cursor = {"cursor": page["nextCursor"]}


@pytest.fixture(scope="session")
def running_server() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="muster-outage-"))
    home.chmod(0o755)
    with start(home, env={"MUSTER_EMBEDDED_FSYNC": "off"}) as services:
        env = {
            **{name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")},
            **SECRETS,
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "MUSTER_HOME": str(home),
            "MUSTER_WEB_WORKERS": "2",
        }
        flask = stack_commands(home).migrate[:-2]
        run(home, env, "migrate", *flask, "db", "upgrade")
        run(home, env, "admin", *flask, "create-admin", "--password", PASSWORD)
        with gunicorn(home, env) as process, httpx.Client(base_url=process.url) as http:
            http.timeout = httpx.Timeout(SECONDS)
            yield _signed_in(Server(services, process, http, home, env))
    shutil.rmtree(home)


@pytest.fixture
def server(running_server: Server) -> Iterator[Server]:
    """Both servers are there before and after each test, which must surprise nobody."""
    known = len(running_server.gunicorn.log)
    yield running_server
    for name, process in running_server.services.processes.items():
        if process.poll() is not None:
            running_server.restart(name)
    lines = [line for line in running_server.gunicorn.log[known:].splitlines() if line[:1] == "{"]
    assert [line for line in lines if json.loads(line).get("level") == "error"] == []


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    def wait(condition: Callable[[], bool]) -> None:
        assert processes.wait_until(condition, SECONDS, 0.05)

    return wait


@contextmanager
def furnished_pair(settings: Mapping[str, str] | None = None) -> Iterator[Pair]:
    home = Path(tempfile.mkdtemp(prefix="muster-pair-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repository
    pair = Pair(home, settings)
    with pair.stack:
        pair.furnish()
        yield pair
        end_at_once(pair.stack)
    pair.close()
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def running_pair() -> Iterator[Pair]:
    with furnished_pair() as pair:
        yield pair


@pytest.fixture
def pair(running_pair: Pair) -> Iterator[Pair]:
    """Whatever a test does to it, all of it is there again for the next one."""
    yield running_pair
    running_pair.heal()


def run(home: Path, env: dict[str, str], name: str, *argv: str) -> None:
    processes.run_program(Program(name, argv, home / f"{name}.log", ROOT, env), seconds=60)


def check_away(answer: httpx.Response) -> None:
    """It says that something is away, and when to come back."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def _signed_in(server: Server) -> Server:
    answer = server.login()
    assert answer.status_code == 200, answer.text
    server.http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
    project: dict[str, Any] = {"key": "P", "repoUrl": "https://git.example.org/p.git"}
    made = server.http.post("/api/admin/projects", json={**project, "agentType": "claude"})
    assert made.status_code == 201, made.text
    return server
