"""/api/web/tasks as clients see it. (What the verbs do is tested where they live.)"""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.machine import MachineStatus
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Project, Task
from app.services.logs import logs
from app.services.logs.logs import LogPiece
from tests.app.services.statements import counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/tasks"
NOBODY = "00000000-0000-4000-8000-000000000000"
QUOTES = 'it\'s "so" {nice} ${HOME} $(rm -rf /) `id` \\n\n\t€ 🦊'


@pytest.fixture
def developer(app: object) -> Developer:
    return make_developer()


@pytest.fixture
def project(developer: Developer) -> Project:
    return make_project(members=[developer])


@pytest.fixture
def headers(developer: Developer, login: Login) -> dict[str, str]:
    return login(developer)


def test_a_request_for_a_task_costs_four_statements_with_its_answer(
    committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    headers = login(developer)
    body = {"projectKey": make_project(members=[developer]).key, "description": "Do it."}
    with counted() as statements:
        made = committed_client.post(PATH, json=body, headers=headers)
    assert made.status_code == 201, made.json
    # who asks; project and id; membership; task and event
    assert len(statements) == 4, statements


def test_a_created_task_is_shown_as_the_contract_says(
    client: FlaskClient, developer: Developer, project: Project, headers: dict[str, str]
) -> None:
    body = {"projectKey": project.key.lower(), "description": QUOTES, "priority": 3}
    made = client.post(PATH, json=body, headers=headers)
    assert made.status_code == 201, made.json
    task = made.json
    assert made.headers["Location"] == f"{PATH}/{task['id']}"
    for moment in ("createdAt", "updatedAt"):
        assert task[moment].endswith("Z")
    expected = {
        "projectKey": project.key,
        "description": QUOTES,
        "status": "queued",
        "suspendReason": None,
        "createdBy": {"id": developer.id, "name": developer.name},
        "requestedMachineId": None,
        "machineId": None,
        "machineName": None,
        "agentType": "claude",
        "priority": 3,
        "pipeline": project.pipeline,
        "currentStageIndex": 0,
        "attempt": 0,
        "branch": None,
        "result": None,
        "failure": None,
        "queue": None,
        "assignedAt": None,
        "startedAt": None,
        "finishedAt": None,
    }
    rest = {"id", "createdAt", "updatedAt"}
    assert {name: value for name, value in task.items() if name not in rest} == expected
    shown = client.get(made.headers["Location"], headers=headers).json
    assert shown.pop("queue") == {"position": 1, "blockedBy": []}
    assert shown.pop("waitsFor")["reason"] == "dispatcher"  # there is none in this test
    assert shown == {name: value for name, value in task.items() if name != "queue"}
    (listed,) = client.get(PATH, headers=headers).json["items"]
    assert listed == task


def test_a_queued_task_says_what_keeps_each_machine_from_it(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    off = make_machine(status=MachineStatus.OFFLINE, connected=False)
    task = make_task(project=project)
    queue = client.get(f"{PATH}/{task.id}", headers=headers).json["queue"]
    assert queue["blockedBy"] == [{"machineId": str(off.id), "reason": "offline"}]


def test_a_task_on_a_machine_names_it_and_its_branch_result_and_failure(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    machine = make_machine()
    result = {"commit": "c0ffee", "pushed": True, "insertions": 4}  # what is 0 is not sent
    failure = {"code": "stage_failed", "message": "no", "stageIndex": 0}
    task = make_task(project=project, status=TaskStatus.FAILED, result=result, failure=failure)
    make_attempt(task, machine)
    shown = client.get(f"{PATH}/{task.id}", headers=headers).json
    assert (shown["machineId"], shown["machineName"]) == (str(machine.id), machine.name)
    assert (shown["attempt"], shown["branch"]) == (1, f"muster/{task.id}-1")
    assert shown["result"] == {**result, "filesChanged": 0, "deletions": 0}
    assert (shown["failure"], shown["queue"]) == (failure, None)


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"description": ""}, 422, "description"),
        ({"description": "x" * 20_001}, 422, "description"),
        ({"description": "a\0b"}, 422, "description"),
        ({"description": "\udc80"}, 422, "description"),
        ({"description": 5}, 422, "description"),
        ({"description": None}, 422, "description"),
        ({"projectKey": None}, 422, "projectKey"),
        ({"projectKey": "nowhere"}, 404, None),
        ({"machineId": "box"}, 422, "machineId"),
        ({"machineId": NOBODY}, 422, "machineId"),
        ({"agentType": "gpt"}, 422, "agentType"),
        ({"priority": 1.5}, 422, "priority"),
        ({"priority": 2**70}, 422, "priority"),
        ({"status": "completed"}, 422, "status"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_task_is_refused(
    client: FlaskClient,
    project: Project,
    headers: dict[str, str],
    fields: dict[str, Any],
    status: int,
    named: str | None,
) -> None:
    body = {"projectKey": project.key, "description": "x", **fields}
    answer = client.post(PATH, json=body, headers=headers)
    assert answer.status_code == status, answer.json
    assert list(answer.json.get("errors", [None])) == [named]
    assert client.get(PATH, headers=headers).json["items"] == []


def test_the_longest_description_is_taken(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    body = {"projectKey": project.key, "description": "🦊" * 20_000}
    assert client.post(PATH, json=body, headers=headers).status_code == 201


def test_a_decommissioned_machine_cannot_be_asked_for(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    machine = make_machine(status=MachineStatus.DECOMMISSIONED)
    body = {"projectKey": project.key, "description": "x", "machineId": str(machine.id)}
    assert client.post(PATH, json=body, headers=headers).status_code == 422


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


ACTS = (
    ("GET", "", None),
    ("POST", "/cancel", None),
    ("POST", "/retry", {}),
    ("POST", "/confirm-stage", {"stageIndex": 0, "result": "confirm"}),
    ("GET", "/pending-confirm", None),
    ("GET", "/events", None),
    ("GET", "/logs", None),
    ("GET", "/logs/raw", None),
)


@pytest.mark.parametrize(("method", "act", "body"), ACTS)
def test_a_task_that_is_not_yours_does_not_exist(
    client: FlaskClient, headers: dict[str, str], method: str, act: str, body: Any
) -> None:
    hidden = make_task()
    answers = [
        client.open(f"{PATH}/{task_id}{act}", method=method, json=body, headers=headers)
        for task_id in (hidden.id, 10**6, 2**63 - 1, 2**63, 2**200, 0)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert client.open(f"{PATH}/{hidden.id}{act}", method=method, json=body).status_code == 401


def test_a_cancelled_task_is_retried_with_or_without_a_body(
    client: FlaskClient, developer: Developer, project: Project, headers: dict[str, str]
) -> None:
    path = f"{PATH}/{make_task(project=project, creator=developer).id}"
    assert client.post(f"{path}/cancel", headers=headers).json["status"] == "cancelled"
    again = client.post(f"{path}/cancel", headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "task_ended")
    assert client.post(f"{path}/retry", headers=headers).json["status"] == "queued"
    client.post(f"{path}/cancel", headers=headers)
    body: dict[str, Any] = {"fromStage": None}
    assert client.post(f"{path}/retry", json=body, headers=headers).json["status"] == "queued"
    client.post(f"{path}/cancel", headers=headers)
    for stage in (-1, "0", 2**40, 7):
        answer = client.post(f"{path}/retry", json={"fromStage": stage}, headers=headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["fromStage"])


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
        "stageIndex": 0,
        "stageName": "develop",
        "kind": "choose",
        "prompt": "Which?",
        "choices": ["red", "blue"],
        "expiresAt": None,
        "diff": None,
    }
    answer = {"stageIndex": 0, "result": "blue", "comment": "calm"}
    answered = client.post(f"{path}/confirm-stage", json=answer, headers=headers)
    assert (answered.status_code, answered.json["status"]) == (200, "queued")
    again = client.post(f"{path}/confirm-stage", json=answer, headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "already_answered")
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
    empty = {"items": [], "total": 0, "limit": 50, "offset": 0}
    assert client.get(path, headers=headers).json == empty
    attempt = make_attempt(task, make_machine())
    logs.append(attempt, [LogPiece(0, 0, 0, b"a\n\x1b[1mb\xff\nc")])
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


def test_rights_to_act_are_checked(client: FlaskClient, project: Project, login: Login) -> None:
    task = make_task(project=project)
    lead = login(make_developer(role=SystemRole.LEAD))
    body = {"projectKey": project.key, "description": "x"}
    assert client.post(PATH, json=body, headers=lead).status_code == 403
    assert client.post(f"{PATH}/{task.id}/cancel", headers=lead).status_code == 200
    assert client.post(f"{PATH}/{task.id}/retry", headers=lead).status_code == 403


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(), min_size=1, max_size=200))
def test_any_text_comes_back_unchanged_or_is_refused(
    client: FlaskClient, project: Project, headers: dict[str, str], text: str
) -> None:
    body = {"projectKey": project.key, "description": text}
    answer = client.post(PATH, json=body, headers=headers)
    if answer.status_code == 201:
        assert answer.json["description"] == text
    else:
        assert answer.status_code == 422
        assert "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
