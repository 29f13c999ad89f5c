"""Who has hard files compared keeps nobody waiting."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import config
from app.domain.diff import FileStatus
from app.extensions import db
from app.factory import create_app
from app.models import Developer
from tests.doors.conftest import PEOPLE, Served
from tests.doors.test_slow_readers import pulse
from tests.factories import hard_files as hard
from tests.factories import make_attempt, make_machine, make_project, make_task
from tests.factories.changes import make_change, make_content

ASKED = 2 * PEOPLE
SLOWEST = 0.25
MAKERS: dict[str, Callable[[int], bytes]] = {
    "disorder": hard.disorder,
    "one hash": lambda seed: hard.colliding(seed * 16_000, 16_000),
    "lines without text": lambda seed: b" " * seed + b"\n" * (hard.SIDE - 1),
}


@pytest.fixture(scope="module")
def hard_task(environ: dict[str, str], people: tuple[list[str], int]) -> int:
    """A task that all see, of which each change is of files that are hard to compare."""
    app = create_app(config.load(environ))
    with app.app_context():
        developers = db.session.query(Developer).all()
        task = make_task(project=make_project(members=developers), creator=developers[0])
        make_attempt(task, make_machine())
        shown = make_content(task, b"a patch")
        shown.hunks = b"[]"
        files = [
            {
                "path": name,
                "blob": make_content(task, make(1)).id,
                "old_blob": make_content(task, make(0)).id,
                "status": FileStatus.MODIFIED,
                "patch": shown.id,
            }
            for name, make in MAKERS.items()
        ]
        make_change(task, files)
        db.session.commit()
        task_id: int = task.id
        db.session.remove()
        db.engine.dispose()
    return task_id


def test_hard_comparisons_keep_nobody_waiting(served_by_one: Served, hard_task: int) -> None:
    served, url = served_by_one, f"/api/web/tasks/{hard_task}/diff?ignoreWhitespace=true&path="

    def ask(person: int) -> list[str]:
        name = list(MAKERS)[person % len(MAKERS)]
        answer = httpx.get(
            f"{served.server.url}{url}{name}", headers=served.headers(person), timeout=60
        )
        assert answer.status_code == 200, answer.text
        return [file["leftOut"] for file in answer.json()["files"]]

    for person in range(PEOPLE):  # what is made with the first requests
        httpx.get(served.server.url + "/api/web/tasks", headers=served.headers(person))
    began = time.monotonic()
    with pulse(served.server.url) as seconds, ThreadPoolExecutor(ASKED) as pool:
        answers = list(pool.map(ask, range(ASKED)))
    assert set(map(tuple, answers)) <= {("limits",), ()}
    assert ["limits"] in answers
    slowest = sorted(seconds)[int(len(seconds) * 0.99)]
    sys.stdout.write(
        f"\n{ASKED} hard comparisons in {time.monotonic() - began:.1f} s: healthz p99 "
        f"{slowest:.3f} s of {len(seconds)}\n"
    )
    assert slowest <= SLOWEST
