"""Who has hard files compared keeps nobody waiting."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

import config
from app.domain.diff import FileStatus
from app.extensions import db
from app.factory import create_app
from app.models import Developer
from app.services.reviews import drafts
from tests.connection_limits.conftest import PEOPLE, Served
from tests.connection_limits.test_slow_readers import measure_response_times
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


@dataclass
class HardTask:
    """A task that all see. Its files are hard to compare, and so is where its thread is now."""

    id: int

    @property
    def diff(self) -> str:
        return f"/api/web/tasks/{self.id}/diff?ignoreWhitespace=true&path="

    @property
    def threads(self) -> str:
        return f"/api/web/tasks/{self.id}/comments"


@pytest.fixture(scope="module")
def hard_task(environ: dict[str, str], people: tuple[list[str], int]) -> HardTask:
    app = create_app(config.load(environ))
    with app.app_context():
        developers = db.session.query(Developer).all()
        task = make_task(project=make_project(members=developers), creator=developers[0])
        make_attempt(task, make_machine())
        shown = make_content(task, b"a patch")
        shown.hunks = b"[]"
        files: list[dict[str, Any]] = [
            {
                "path": name,
                "blob": make_content(task, make(1)).id,
                "old_blob": make_content(task, make(0)).id,
                "status": FileStatus.MODIFIED,
                "patch": shown.id,
            }
            for name, make in MAKERS.items()
        ]
        before = [file | {"blob": file["old_blob"], "old_blob": "ba5e"} for file in files]
        make_change(task, before, commit="b" * 40)
        drafts.add_comment(
            developers[0], task.id, body="Why?", path="one hash", line=9, publish=True
        )
        make_change(task, files, stage_index=1)
        db.session.commit()
        made = HardTask(task.id)
        db.session.remove()
        db.engine.dispose()
    return made


@pytest.mark.parametrize("which", ["diffs", "threads"])
def test_hard_comparisons_keep_nobody_waiting(
    served_by_one: Served, hard_task: HardTask, which: str
) -> None:
    served = served_by_one

    def ask(person: int) -> str:
        path = hard_task.threads
        if which == "diffs":
            path = hard_task.diff + list(MAKERS)[person % len(MAKERS)]
        answer = httpx.get(served.server.url + path, headers=served.headers(person), timeout=60)
        if answer.status_code == 429:
            return "busy"
        assert answer.status_code == 200, answer.text
        if which == "threads":
            return "outdated" if answer.json()["items"][0]["position"]["outdated"] else "found"
        return "".join(file["leftOut"] for file in answer.json()["files"])

    for person in range(PEOPLE):  # what is made with the first requests
        httpx.get(served.server.url + "/api/web/tasks", headers=served.headers(person))
    began = time.monotonic()
    with measure_response_times(served.server.url) as seconds, ThreadPoolExecutor(ASKED) as pool:
        answers = set(pool.map(ask, range(ASKED)))
    assert answers & {"limits", "outdated"}
    assert answers <= {"limits", "", "busy", "outdated"}
    slowest = sorted(seconds)[int(len(seconds) * 0.99)]
    sys.stdout.write(
        f"\n{ASKED} hard {which} in {time.monotonic() - began:.1f} s: healthz p99 "
        f"{slowest:.3f} s of {len(seconds)}\n"
    )
    assert slowest <= SLOWEST
