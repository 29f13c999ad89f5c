"""/api/web/tasks/:id/transcript: what the agent did, page by page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services.clock import now
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine
from tests.factories import make_attempt, make_developer, make_machine, make_task

Login = Callable[[Developer], dict[str, str]]
STARTED = datetime.fromisoformat("2030-01-31T12:00:00Z")
SAID = [
    frames.TranscriptEntry(1500, "message", "I look at the tests.", log_offset=10),
    frames.TranscriptEntry(2000, "command", "make test", "2 failed", {"exitCode": 2}, 90),
    frames.TranscriptEntry(2500, "edit", "cart.py", "-a\n+b", {"lines": 1}, 300),
    frames.TranscriptEntry(9000, "command", "make test", "12 passed", {"exitCode": 0}, 400),
]


@pytest.fixture
def task() -> Task:
    """A task whose agent has done all of `SAID`, the last of it in another stage."""
    machine, task = FakeMachine(make_machine().id), make_task(status=TaskStatus.RUNNING)
    make_attempt(task, machine.row, started_at=STARTED)
    machine.report_on(task, frames.Transcript(0, 0, SAID[:3]), frames.Transcript(1, 3, SAID[3:]))
    return task


@pytest.fixture
def ask(client: FlaskClient, login: Login) -> Callable[..., Any]:
    headers = login(make_developer(role=SystemRole.ADMIN))

    def get(task: Task, query: str = "", status: int = 200) -> Any:
        answer = client.get(f"/api/web/tasks/{task.id}/transcript?{query}", headers=headers)
        assert answer.status_code == status, answer.json
        return answer.json

    return get


def numbers(page: Any) -> list[int]:
    return [item["number"] for item in page["items"]]


def test_an_entry_has_all_that_was_reported(ask: Callable[..., Any], task: Task) -> None:
    page = ask(task)
    assert page["nextCursor"] is None
    assert numbers(page) == [0, 1, 2, 3]
    assert page["items"][1] == {
        "number": 1,
        "at": "2030-01-31T12:00:02.000Z",
        "startedAt": "2030-01-31T12:00:02.000Z",
        "finishedAt": None,
        "state": None,
        "attempt": 1,
        "stageIndex": 0,
        "run": 0,
        "kind": "command",
        "title": "make test",
        "text": "2 failed",
        "data": {"exitCode": 2},
        "logOffset": 90,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=command", [1, 3]),
        ("kind=Edit,message", [0, 2]),
        ("stageIndex=1", [3]),
        ("q=TEST", [0, 1, 3]),
        ("q=failed&kind=command", [1]),
        ("q=nothing+of+that", []),
    ],
)
def test_a_filter_leaves_what_matches(
    ask: Callable[..., Any], task: Task, query: str, found: list[int]
) -> None:
    assert numbers(ask(task, query)) == found


def test_pages_follow_each_other_while_a_newer_attempt_begins(
    ask: Callable[..., Any], task: Task
) -> None:
    first = ask(task, "limit=3")
    assert numbers(first) == [0, 1, 2]
    attempt = db.session.get_one(Attempt, (task.id, 1))
    attempt.ended_at, attempt.outcome = now(), "lost"
    make_attempt(task, make_machine())
    assert ask(task) == {"items": [], "nextCursor": None}
    second = ask(task, f"limit=3&cursor={first['nextCursor']}")
    assert (numbers(second), second["nextCursor"]) == ([3], None)
    assert numbers(ask(task, "attempt=1")) == [0, 1, 2, 3]
    ask(task, f"attempt=2&cursor={first['nextCursor']}", status=422)


def test_a_cursor_is_good_in_its_list_alone(ask: Callable[..., Any], task: Task) -> None:
    cursor = ask(task, "limit=1")["nextCursor"]
    ask(make_task(), f"cursor={cursor}", status=422)
    ask(task, "cursor=nonsense", status=422)


@pytest.mark.parametrize("query", ["kind=nonsense", "attempt=0", "limit=201", "stageIndex=-1"])
def test_what_makes_no_sense_is_refused(ask: Callable[..., Any], task: Task, query: str) -> None:
    assert ask(task, query, status=422)["code"] == "validation_failed"


def test_an_attempt_that_there_is_not_is_not_found(ask: Callable[..., Any], task: Task) -> None:
    assert ask(task, "attempt=2", status=404)["code"] == "not_found"
    assert ask(make_task()) == {"items": [], "nextCursor": None}


def test_who_does_not_see_the_task_is_told_that_there_is_none(
    client: FlaskClient, login: Login, task: Task
) -> None:
    headers = login(make_developer())
    assert client.get(f"/api/web/tasks/{task.id}/transcript", headers=headers).status_code == 404
