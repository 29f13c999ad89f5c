"""/api/web/machines as anybody signed in sees it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer
from tests.factories import make_attempt, make_developer, make_machine, make_project, make_task

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/machines"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def headers(login: Login) -> dict[str, str]:
    return login(make_developer())


def test_a_machine_is_shown_with_its_last_life_sign(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    machine = make_machine(
        name="box",
        metrics={"cpuPercent": 12.5, "diskPercent": 40.0},  # what is 0 is not sent
        capabilities=[{"agentType": "claude"}],
        hardware={"cpuCount": 4, "os": "linux"},
        sandbox={"level": "processes", "missing": ["bubblewrap is not installed"]},
        labels={"gpu": "true", "zone": "us"},
        admin_labels={"zone": "eu"},
    )
    shown = client.get(f"{PATH}/{machine.id}", headers=headers).json
    assert shown.pop("createdAt").endswith("Z")
    seen = shown.pop("lastSeenAt")
    assert datetime.fromisoformat(seen).tzinfo
    assert shown == {
        "id": str(machine.id),
        "name": "box",
        "status": "online",
        "connected": True,
        "uninstalledAt": None,
        "capabilities": [
            {
                "agentType": "claude",
                "version": None,
                "healthy": True,
                "degradedUntil": None,
                "reason": None,
                "takesMessages": False,
            }
        ],
        "slots": {"total": 2, "used": 0},
        "metrics": {
            "cpuPercent": 12.5,
            "memoryPercent": 0.0,
            "diskPercent": 40.0,
            "sampledAt": seen,
        },
        "hardware": {
            "cpuCount": 4,
            "memoryBytes": 0,
            "diskBytes": 0,
            "os": "linux",
            "arch": "",
            "hostname": "",
        },
        "drain": None,
        "sandbox": {"level": "processes", "missing": ["bubblewrap is not installed"]},
        "labels": {"gpu": "true", "zone": "eu"},
        "adminLabels": {"zone": "eu"},
        "version": "0.1.0",
        "pinned": False,
        "upgrade": {"state": "current", "offered": None, "reason": ""},
    }
    (listed,) = client.get(PATH, headers=headers).json["items"]
    assert listed["sandbox"] == shown["sandbox"]
    assert listed["metrics"] == shown["metrics"]


def test_a_machine_that_has_not_reported_has_no_sandbox(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get(f"{PATH}/{make_machine().id}", headers=headers).json["sandbox"] is None


def test_a_drain_says_who_wants_it(client: FlaskClient, headers: dict[str, str]) -> None:
    lead, moment = make_developer(role=SystemRole.LEAD), datetime(2030, 1, 2, 3, 4, 5, 0, UTC)
    machine = make_machine(
        status=MachineStatus.DRAINING,
        drain_started_at=moment,
        drain_by=lead.id,
        drain_note="new disk",
    )
    assert client.get(f"{PATH}/{machine.id}", headers=headers).json["drain"] == {
        "startedAt": "2030-01-02T03:04:05.000Z",
        "by": lead.name,
        "note": "new disk",
        "deadline": None,
    }


def test_machines_are_filtered_by_status_in_any_letter_case(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for status in MachineStatus:
        make_machine(status=status)

    def listed(query: str) -> set[str]:
        return {item["status"] for item in client.get(PATH + query, headers=headers).json["items"]}

    assert listed("") == set(MachineStatus)
    assert listed("?status=Online,DRAINING") == {"online", "draining"}
    assert client.get(f"{PATH}?status=broken", headers=headers).status_code == 422


@pytest.mark.parametrize("machine_id", [NOBODY, "x", "%00", "1"])
def test_an_unknown_machine_is_not_found(
    client: FlaskClient, headers: dict[str, str], machine_id: str
) -> None:
    for path in (f"{PATH}/{machine_id}", f"{PATH}/{machine_id}/tasks"):
        assert client.get(path, headers=headers).status_code in ((400,) if "%" in path else (404,))


def test_a_machines_tasks_are_those_that_one_may_see(client: FlaskClient, login: Login) -> None:
    developer, machine = make_developer(), make_machine()
    project = make_project(members=[developer])
    done = make_task(project=project, machine_id=machine.id, status=TaskStatus.COMPLETED)
    failed = make_task(project=project, machine_id=machine.id, status=TaskStatus.FAILED)
    make_task(machine_id=machine.id, status=TaskStatus.FAILED)  # another project's
    make_task(project=project)  # nowhere yet

    def listed(query: str = "") -> list[int]:
        path = f"{PATH}/{machine.id}/tasks{query}"
        return [item["id"] for item in client.get(path, headers=login(developer)).json["items"]]

    assert listed() == [failed.id, done.id]
    assert listed("?status=completed") == [done.id]


def test_a_list_of_machines_is_one_query_however_long(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for _ in range(4):
        make_machine(drain_by=make_developer().id, drain_started_at=datetime.now(UTC))
    statements: list[str] = []

    def count(*args: Any) -> None:
        if args[2].startswith("SELECT"):
            statements.append(args[2])

    engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    assert len(client.get(PATH, headers=headers).json["items"]) == 4
    event.remove(engine, "before_cursor_execute", count)
    assert len(statements) == 2  # who asks, and what they asked for


# ---- drain ---------------------------------------------------------------------------------------


def test_leads_drain_and_undrain_and_may_say_so_twice(client: FlaskClient, login: Login) -> None:
    lead, machine = make_developer(role=SystemRole.LEAD), make_machine()
    path, headers = f"{PATH}/{machine.id}", login(lead)
    body = {"note": "new disk", "deadlineSeconds": 600}
    for given in (body, {}):
        answer = client.post(f"{path}/drain", json=given, headers=headers)
        assert (answer.status_code, answer.json["status"]) == (200, "draining")
        assert (answer.json["drain"]["by"], answer.json["drain"]["note"]) == (lead.name, "new disk")
        assert answer.json["drain"]["deadline"]
    assert client.post(f"{path}/drain", headers=headers).status_code == 200  # without a body
    for _ in range(2):
        answer = client.post(f"{path}/undrain", headers=headers)
        assert (answer.status_code, answer.json["status"]) == (200, "online")
        assert answer.json["drain"] is None


def test_a_dry_run_says_what_a_drain_would_do_and_does_nothing(
    client: FlaskClient, login: Login
) -> None:
    machine = make_machine()
    task = make_task(status=TaskStatus.RUNNING, machine_id=machine.id)
    make_attempt(task, machine)
    path, headers = f"{PATH}/{machine.id}/drain", login(make_developer(role=SystemRole.LEAD))
    preview = client.post(f"{path}?dryRun=true", json={"deadlineSeconds": 60}, headers=headers).json
    [planned] = preview["plan"]
    assert (preview["status"], preview["drain"]) == ("online", None)
    assert (planned["action"], planned["atDeadline"]) == ("keep", "stop")
    assert planned["task"]["id"] == task.id
    assert planned["hasCheckpoint"] is True
    done = client.post(path, headers=headers).json
    assert (done["status"], done["plan"]) == ("draining", None)


@pytest.mark.parametrize("verb", ["drain", "undrain"])
def test_who_or_what_cannot_be_drained(
    client: FlaskClient, login: Login, headers: dict[str, str], verb: str
) -> None:
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    lead = login(make_developer(role=SystemRole.LEAD))
    assert client.post(f"{PATH}/{gone.id}/{verb}").status_code == 401
    assert client.post(f"{PATH}/{gone.id}/{verb}", headers=headers).status_code == 403
    assert client.post(f"{PATH}/{NOBODY}/{verb}", headers=lead).status_code == 404
    answer = client.post(f"{PATH}/{gone.id}/{verb}", headers=lead)
    assert (answer.status_code, answer.json["code"]) == (409, "machine_decommissioned")


@pytest.mark.parametrize(
    "body",
    [
        {"deadlineSeconds": -1},
        {"deadlineSeconds": "60"},
        {"deadlineSeconds": 1e30},
        {"note": "x" * 1001},
        {"note": "\0"},
        {"status": "drained"},
    ],
)
def test_a_drain_that_makes_no_sense_changes_nothing(
    client: FlaskClient, login: Login, body: dict[str, Any]
) -> None:
    machine = make_machine()
    headers = login(make_developer(role=SystemRole.LEAD))
    path = f"{PATH}/{machine.id}"
    assert client.post(f"{path}/drain", json=body, headers=headers).status_code == 422
    assert client.get(path, headers=headers).json["status"] == "online"
