"""/api/web/tasks as clients see it. (What the verbs do is tested where they live.)"""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Project
from tests.app.services.statements import counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]


PATH = "/api/web/tasks"


NOBODY = "00000000-0000-4000-8000-000000000000"


QUOTES = 'it\'s "so" {nice} ${HOME} $(rm -rf /) `id` \\n\n\t€ 🦊'


def test_a_request_for_a_task_costs_four_statements_with_its_answer(
    committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    headers = login(developer)
    make_machine(capabilities=[{"agentType": "claude"}])
    body = {"projectKey": make_project(members=[developer]).key, "description": "Do it."}
    with counted() as statements:
        made = committed_client.post(PATH, json=body, headers=headers)
    assert made.status_code == 201, made.json
    # who asks; project and id; membership; task and event
    assert len(statements) == 4, statements


def _created_fields(task_id: int, developer: Developer, project: Project) -> dict[str, Any]:
    return {
        "projectKey": project.key,
        "description": QUOTES,
        "status": "queued",
        "suspendReason": None,
        "createdBy": {"id": developer.id, "name": developer.name},
        "requestedMachineId": None,
        "machineSelector": None,
        "machineId": None,
        "machineName": None,
        "agentType": "claude",
        "agentOptions": None,
        "priority": 3,
        "pipeline": project.pipeline,
        "currentStageIndex": 0,
        "round": 1,
        "followUpsQueued": 0,
        "attempt": 0,
        "branch": None,
        "taskBranch": f"muster/{task_id}",
        "result": None,
        "failure": None,
        "usage": None,
        "budget": None,
        "queue": None,
        "assignedAt": None,
        "startedAt": None,
        "finishedAt": None,
    }


def test_a_created_task_is_shown_as_the_contract_says(
    client: FlaskClient, developer: Developer, project: Project, headers: dict[str, str]
) -> None:
    body = {"projectKey": project.key.lower(), "description": QUOTES, "priority": 3}
    made = client.post(PATH, json=body, headers=headers)
    assert made.status_code == 201, made.json
    task = made.json
    (warning,) = task.pop("warnings")
    assert (warning["code"], warning["field"]) == ("unknown_agent", "agentType")
    assert made.headers["Location"] == f"{PATH}/{task['id']}"
    for moment in ("createdAt", "updatedAt"):
        assert task[moment].endswith("Z")
    expected = _created_fields(task["id"], developer, project)
    rest = {"id", "createdAt", "updatedAt"}
    assert {name: value for name, value in task.items() if name not in rest} == expected
    shown = client.get(made.headers["Location"], headers=headers).json
    assert shown.pop("queue") == {"position": 1, "blockedBy": []}
    assert shown.pop("waitingFor")["reason"] == "dispatcher"  # there is none in this test
    assert (shown.pop("hasTerminal"), shown.pop("readsTerminal")) == (False, False)
    assert shown.pop("allowedActions") == ["review", "follow_up", "cancel", "message"]
    nothing = [
        shown.pop(name)
        for name in (
            *("relocation", "gate", "lastAnswer", "activity", "interrupt"),
            "budgets",
            "images",
        )
    ]
    assert nothing == [None] * 5 + [[], []]
    assert shown.pop("messages") == {"state": "next_stage", "reason": None}
    assert shown == {name: value for name, value in task.items() if name != "queue"}
    (listed,) = client.get(PATH, headers=headers).json["items"]
    stages = [{"name": stage["name"], "kind": stage["kind"]} for stage in task.pop("pipeline")]
    assert listed.pop("waitingFor")["reason"] == "dispatcher"
    summary = {"question": None, "lastAnswer": None, "position": 1, "activity": None}
    summary |= {"blockers": [], "allowedActions": ["follow_up", "cancel"]}
    assert listed == task | summary | {"stages": stages}


def test_a_queued_task_says_what_keeps_each_machine_from_it(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    off = make_machine(status=MachineStatus.OFFLINE, connected=False)
    busy = make_machine(metrics={"cpuPercent": 93.0})
    task = make_task(project=project)
    queue = client.get(f"{PATH}/{task.id}", headers=headers).json["queue"]
    for blocker in queue["blockedBy"]:
        assert blocker.pop("since").endswith("Z")
    nothing = dict.fromkeys(("detail", "measure", "required", "actual", "until"))
    measure = {"kind": "cpu_percent", "value": 93.0, "limit": 90.0, "setting": "maxLoadPercent"}
    machines = {
        machine: {"machineId": str(machine.id), "machineName": machine.name}
        for machine in (off, busy)
    }
    assert queue["blockedBy"] == [
        nothing | machines[off] | {"reason": "offline"},
        nothing | machines[busy] | {"reason": "overloaded", "measure": measure},
    ]


def test_a_task_of_a_lost_machine_says_where_it_can_continue(
    client: FlaskClient, project: Project, headers: dict[str, str]
) -> None:
    lost = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.MACHINE_LOST}
    task = make_task(project=project, **lost)
    make_attempt(task, make_machine(status=MachineStatus.OFFLINE, connected=False))
    make_machine()
    shown = client.get(f"{PATH}/{task.id}", headers=headers).json
    at = shown["waitingFor"]["at"]
    assert shown["relocation"] == {"at": at, "machineCount": 1, "blockedBy": []}


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
    rest = {"branch": None, "changed": False, "filesChanged": 0, "deletions": 0}
    assert shown["result"] == {**result, **rest}
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
        ({"agentType": "-x"}, 422, "agentType"),
        ({"agentOptions": {"model": 5}}, 422, "agentOptions.model"),
        ({"agentOptions": {"arguments": ["x" * 1001]}}, 422, "agentOptions.arguments.0"),
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


def test_a_description_of_maximum_length_is_accepted(
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


def test_a_retry_is_answered_as_it_was_committed_whatever_the_dispatcher_does_by_then(
    committed_client: FlaskClient, login: Login
) -> None:
    developer = make_developer()
    headers, project = login(developer), make_project(members=[developer])
    task = make_task(project=project, creator=developer, status=TaskStatus.FAILED)
    assigned = []

    def assign(_: object) -> None:
        statement = "UPDATE tasks SET status = 'assigned' WHERE status = 'queued'"
        with db.engine.begin() as connection:
            assigned.append(connection.execute(sa.text(statement)).rowcount)

    sa.event.listen(db.session, "after_commit", assign)
    try:
        answer = committed_client.post(f"{PATH}/{task.id}/retry", headers=headers)
    finally:
        sa.event.remove(db.session, "after_commit", assign)
    assert (answer.json["status"], sum(assigned)) == ("queued", 1)


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
