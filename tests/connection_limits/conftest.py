"""A server as it is run, with people who use it and a task that has the worst of logs."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import config
from app.extensions import db
from app.factory import create_app
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import make_attempt, make_developer, make_machine, make_project, make_task
from tests.factories.developers import access_token_of
from tests.gunicorns import Gunicorn, gunicorn

PEOPLE = 5
LINE = 64 * 1024
LINES = (
    b"\x1b" * (LINE - 1),  # six bytes of JSON for each
    b"\xff" * (LINE - 1),  # no UTF-8
    "😀".encode() + b"\x1b" * (LINE - 5),  # makes a text four times as large
    b"x" * (LINE - 1),
    b"y" * (3 * LINE),  # too long for a page
)
ROUNDS = 40


@dataclass
class Served:
    server: Gunicorn
    credentials: list[str]
    task: int

    def headers(self, person: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials[person % PEOPLE]}"}

    @property
    def logs(self) -> str:
        return f"/api/web/tasks/{self.task}/logs"


@pytest.fixture(scope="session")
def environ(
    environment: dict[str, str],
    new_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")},
        **environment,
        "DATABASE_URL": new_database("muster_doors"),
        "MUSTER_HOME": str(tmp_path_factory.mktemp("doors")),
        "MUSTER_REQUESTS_PER_MINUTE": "1000000",
    }


@pytest.fixture(scope="session")
def people(environ: dict[str, str]) -> tuple[list[str], int]:
    """Their access tokens, and the task that they all see."""
    app = create_app(config.load(environ))
    with app.app_context():
        developers = [make_developer() for _ in range(PEOPLE)]
        project = make_project(members=developers)
        task = make_task(project=project, creator=developers[0])
        for _ in range(20):
            make_task(project=project, creator=developers[0])
        attempt = make_attempt(task, make_machine())
        for line in LINES * ROUNDS:
            whole = line + b"\n"
            for at in range(0, len(whole), LINE):
                piece = LogSegment(attempt.log_bytes, 0, 0, whole[at : at + LINE])
                logs.append(attempt, [piece])
        credentials = [access_token_of(developer) for developer in developers]
        found = credentials, task.id
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return found


@pytest.fixture
def served(
    environ: dict[str, str], people: tuple[list[str], int], tmp_path: Path
) -> Iterator[Served]:
    """Two processes, as is usual."""
    with gunicorn(tmp_path, {**environ, "MUSTER_WEB_WORKERS": "2"}) as server:
        yield Served(server, *people)


@pytest.fixture
def served_by_one(
    environ: dict[str, str], people: tuple[list[str], int], tmp_path: Path
) -> Iterator[Served]:
    """One process, so that all is its."""
    with gunicorn(tmp_path, {**environ, "MUSTER_WEB_WORKERS": "1"}) as server:
        yield Served(server, *people)
