"""Lists of tasks, their events and log lines; and questions and answers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Project, Task
from app.services.logs import logs
from app.services.logs.logs import LogSegment
from tests.factories import (
    make_attempt,
    make_gate,
    make_machine,
    make_project,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]


PATH = "/api/web/tasks"


def test_tasks_are_filtered(
    client: FlaskClient, developer: Developer, project: Project, headers: dict[str, str]
) -> None:
    machine, other = make_machine(), make_project(members=[developer])
    one = make_task(project=project, description="Paint it 50 % blue", creator=developer)
    two = make_task(project=other, status=TaskStatus.FAILED, machine_id=machine.id)
    make_task()  # in a project that is not mine

    def listed(**query: Any) -> list[int]:
        answer = client.get(PATH, query_string=query, headers=headers)
        assert answer.status_code == 200, answer.json
        return [item["id"] for item in answer.json["items"]]

    assert listed() == [two.id, one.id]
    assert listed(status="QUEUED, Failed") == [two.id, one.id]
    assert listed(status="failed") == [two.id]
    assert listed(project=project.key.lower()) == [one.id]
    assert listed(projectKey=other.key) == [two.id]
    assert listed(project="nowhere") == []
    assert listed(machineId=machine.id) == [two.id]
    assert listed(createdBy=developer.id) == [one.id]
    assert listed(q="50 % BLUE") == [one.id]
    assert listed(q=f"#{two.id}") == [two.id]
    assert listed(q="%") == [one.id]


@pytest.mark.parametrize(
    "query",
    [
        "status=nope",
        "machineId=box",
        "createdBy=me",
        f"createdBy={2**64}",
        "createdBy=0",
        "limit=0",
        "limit=201",
        "cursor=abc",
        f"q={'x' * 201}",
    ],
)
def test_a_bad_filter_is_named(client: FlaskClient, headers: dict[str, str], query: str) -> None:
    answer = client.get(f"{PATH}?{query}", headers=headers)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [query.partition("=")[0]]


@pytest.fixture
def gated(project: Project) -> Task:
    """A task that waits for a choice."""
    stages = [{**project.pipeline[0], "choices": ["red", "blue"]}]
    task = make_task(
        project=project,
        pipeline=stages,
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
    )
    make_gate(task, kind=GateKind.CHOOSE, prompt="Which?", choices=["red", "blue"])
    return task


def test_a_question_is_shown_and_answered_once(
    client: FlaskClient, gated: Task, headers: dict[str, str]
) -> None:
    path = f"{PATH}/{gated.id}"
    pending = client.get(f"{path}/pending-confirm", headers=headers).json
    assert pending.pop("requestedAt").endswith("Z")
    assert pending == {
        "taskId": gated.id,
        "answerers": None,
        "round": 1,
        "stageIndex": 0,
        "stageName": "develop",
        "kind": "choose",
        "prompt": "Which?",
        "choices": ["red", "blue"],
        "expiresAt": None,
        "diff": None,
        "branch": None,
        "budgets": None,
        "permission": None,
        "number": 0,
    }
    answer = {"stageIndex": 0, "result": "blue", "comment": "calm"}
    answered = client.post(f"{path}/confirm-stage", json=answer, headers=headers)
    assert (answered.status_code, answered.json["status"]) == (200, "queued")
    again = client.post(f"{path}/confirm-stage", json=answer, headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "already_answered")
    events = client.get(f"{path}/events?type=confirmed", headers=headers).json["items"]
    me = client.get("/api/web/profile", headers=headers).json
    by_me = {"id": me["id"], "name": me["name"]}
    assert again.json["answeredBy"] == events[0]["data"]["answeredBy"] == by_me
    nothing = client.get(f"{path}/pending-confirm", headers=headers)
    assert (nothing.status_code, nothing.json["code"]) == (404, "nothing_pending")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"stageIndex": 0, "result": "green"}, 422),
        ({"stageIndex": 0, "result": 5}, 422),
        ({"stageIndex": 0, "result": "re\0d"}, 422),
        ({"stageIndex": 0}, 422),
        ({"result": "red"}, 422),
        ({"stageIndex": -1, "result": "red"}, 422),
        ({"stageIndex": 2**40, "result": "red"}, 422),
        ({"stageIndex": True, "result": "red"}, 422),
        ({"stageIndex": 1, "result": "red"}, 409),
        ({"stageIndex": 0, "result": "red", "number": 0, "round": 2}, 409),
        ({"stageIndex": 0, "result": "red", "comment": "x" * 10_001}, 422),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_answer_leaves_the_question_open(
    client: FlaskClient, gated: Task, headers: dict[str, str], answer: dict[str, Any], status: int
) -> None:
    path = f"{PATH}/{gated.id}"
    got = client.post(f"{path}/confirm-stage", json=answer, headers=headers)
    assert got.status_code == status, got.json
    assert client.get(f"{path}/pending-confirm", headers=headers).status_code == 200


def test_events_are_paged_filtered_and_searched(
    client: FlaskClient, developer: Developer, project: Project, headers: dict[str, str]
) -> None:
    task = make_task(project=project, events=3)
    rows = ((EventType.CREATED, "created"), (EventType.LOG, "50 % done"), (EventType.ERROR, "no"))
    for number, (type_, message) in enumerate(rows, 1):
        db.session.add(
            Event(
                task_id=task.id,
                project_id=project.id,
                number=number,
                type=type_,
                attempt=0,
                stage_index=None,
                message=message,
                data={"step": number},
                created_at=task.created_at,
            )
        )

    def page(**query: Any) -> Any:
        answer = client.get(f"{PATH}/{task.id}/events", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.json
        return answer.json

    first = page(limit=2)
    assert (first["total"], first["limit"], first["offset"]) == (3, 2, 0)
    assert [item["id"] for item in first["items"]] == [1, 2]
    assert page(limit=2, offset=2)["items"] == [
        {
            "id": 3,
            "type": "error",
            "attempt": 0,
            "stageIndex": None,
            "message": "no",
            "data": {"step": 3},
            "createdAt": first["items"][0]["createdAt"],
        }
    ]
    assert [item["id"] for item in page(type="LOG,created")["items"]] == [1, 2]
    assert [item["id"] for item in page(search="50 %")["items"]] == [2]
    empty = {"items": [], "total": 0, "limit": 50, "offset": 0, "searchedFrom": None}
    assert page(search="zzz") == empty
    assert [item["id"] for item in page(search="o", before=3)["items"]] == [2]
    assert page(offset=2**63 - 1)["items"] == []


def test_log_lines_are_paged_from_both_ends(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    task = make_task(project=project)
    path = f"{PATH}/{task.id}/logs"
    empty = {"items": [], "total": 0, "limit": 50, "offset": 0, "nextOffset": None}
    assert client.get(path, headers=headers).json == empty
    attempt = make_attempt(task, make_machine())
    logs.append(attempt, [LogSegment(0, 0, 0, b"a\n\x1b[1mb\xff\nc")])
    db.session.commit()
    page = client.get(path, headers=headers).json
    assert page["total"] == 3
    assert page["items"][1] == {
        "number": 1,
        "text": "\x1b[1mb�",
        "attempt": 1,
        "stageIndex": 0,
        "truncated": False,
    }
    last = client.get(f"{path}?offset=-1&attempt=1", headers=headers).json
    assert [(item["number"], item["text"]) for item in last["items"]] == [(2, "c")]
    for query, status in (
        ("limit=1000", 200),
        ("limit=1001", 422),
        (f"offset={2**63 - 1}", 200),
        (f"offset={-(2**63) + 1}", 200),
        (f"offset={2**63}", 422),
        ("attempt=2", 404),
        ("attempt=0", 422),
        (f"attempt={2**40}", 422),
    ):
        assert client.get(f"{path}?{query}", headers=headers).status_code == status, query


def test_lists_say_what_stages_there_are_and_leave_their_commands_away(
    client: FlaskClient, developer: Developer, headers: dict[str, str]
) -> None:
    pipeline = [
        {"name": "develop", "command": "c" * 1000, "kind": "agent", "timeout": 60},
        {"name": "check", "command": "make", "kind": "shell", "timeout": 60},
    ]
    stages = [{"name": "develop", "kind": "agent"}, {"name": "check", "kind": "shell"}]
    machine = make_machine()
    project = make_project(members=[developer], pipeline=pipeline, secrets={"B": "x", "A": "y"})
    task = make_task(project=project, description="needle", stage_index=1, machine_id=machine.id)
    lists = (
        PATH,
        f"/api/web/machines/{machine.id}/tasks",
        "/api/web/dashboard/recent-tasks",
    )
    for path in lists:
        (item,) = client.get(f"{path}?limit=1", headers=headers).json["items"]
        assert "pipeline" not in item
        assert (item["stages"], item["currentStageIndex"]) == (stages, 1)
        assert item["projectKey"] == project.key
    (found,) = client.get("/api/web/search?q=needle", headers=headers).json["tasks"]
    assert ("pipeline" in found, found["stages"]) == (False, stages)
    (shown,) = client.get("/api/web/projects?limit=1", headers=headers).json["items"]
    assert ("pipeline" in shown, shown["stages"]) == (False, stages)
    assert shown["secretNames"] == ["A", "B"]
    whole = client.get(f"{PATH}/{task.id}", headers=headers).json
    assert ("stages" in whole, len(whole["pipeline"])) == (False, 2)
