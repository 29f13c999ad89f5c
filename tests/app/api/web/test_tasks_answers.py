"""What a task and lists show of its questions: the open one, and the latest answer."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.tasks import gates, tasks
from tests.factories import make_developer, make_gate, make_project, make_task

Login = Callable[[Developer], dict[str, str]]
STAGE = {"name": "ship", "command": "Ship it.", "kind": "agent", "timeout": 60, "confirm": True}


@pytest.fixture
def mei() -> Developer:
    return make_developer(name="mei")


@pytest.fixture
def task(mei: Developer) -> Task:
    """A task that asks before its only stage."""
    made = make_task(
        project=make_project(members=[mei]),
        creator=mei,
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
        pipeline=[STAGE],
    )
    make_gate(made, kind=GateKind.CONFIRM, prompt="Ship it?")
    return made


def read(client: FlaskClient, headers: dict[str, str], task: Task) -> tuple[Any, Any]:
    """The task, and its line in a list."""
    shown = client.get(f"/api/web/tasks/{task.id}", headers=headers).json
    listed = client.get("/api/web/tasks", query_string={"ids": task.id}, headers=headers).json
    return shown, listed["items"][0]


def test_a_task_has_the_question_that_its_own_route_returns(
    client: FlaskClient, login: Login, mei: Developer, task: Task
) -> None:
    headers = login(mei)
    asked = client.get(f"/api/web/tasks/{task.id}/pending-confirm", headers=headers).json
    shown, _ = read(client, headers, task)
    assert (shown["gate"], asked["prompt"]) == (asked, "Ship it?")


def test_a_queued_task_has_its_question_too(
    client: FlaskClient, login: Login, mei: Developer, task: Task
) -> None:
    """As after a drain of its machine."""
    task.status, task.suspend_reason, task.queued_at = TaskStatus.QUEUED, None, now()
    db.session.commit()
    shown, listed = read(client, login(mei), task)
    assert (shown["status"], shown["gate"]["kind"]) == ("queued", "confirm")
    assert listed["question"]["kind"] == "confirm"


@pytest.mark.parametrize(("result", "status"), [("confirm", "queued"), ("reject", "cancelled")])
def test_the_answer_takes_the_question_s_place(
    client: FlaskClient, login: Login, mei: Developer, task: Task, result: str, status: str
) -> None:
    gates.confirm_stage(mei, task.id, 0, result, "Not on a Friday.")
    for found in read(client, login(mei), task):
        assert (found["status"], found.get("gate"), found.get("question")) == (status, None, None)
        answer = found["lastAnswer"]
        assert answer.pop("answeredAt")
        assert answer == {
            "stageIndex": 0,
            "number": 0,
            "kind": "confirm",
            "result": result,
            "comment": "Not on a Friday.",
            "answeredBy": {"id": mei.id, "name": "mei"},
        }


def test_of_several_answers_the_latest_counts_and_none_of_an_earlier_round(
    client: FlaskClient, login: Login, mei: Developer, task: Task
) -> None:
    gates.confirm_stage(mei, task.id, 0, "confirm")
    make_gate(
        task, number=1, kind=GateKind.QUESTION, answered_at=now(), answered_by=mei.id, result="blue"
    )
    shown, listed = read(client, login(mei), task)
    assert shown["lastAnswer"]["result"] == listed["lastAnswer"]["result"] == "blue"
    tasks.cancel(mei, task.id)
    tasks.retry(mei, task.id)
    shown, listed = read(client, login(mei), task)
    assert shown["lastAnswer"] is listed["lastAnswer"] is None
