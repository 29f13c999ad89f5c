"""/api/workers as a worker sees it."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.attempt import AttemptOutcome
from app.domain.machine import MachineStatus
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, Machine
from app.services.accounts import tokens
from app.services.clock import now
from tests.factories import (
    make_attempt,
    make_developer,
    make_enrollment_token,
    make_image,
    make_machine,
    make_project,
    make_task,
    make_unused_image,
)
from tests.image_files import make_png

WorkerLogin = Callable[[Machine], dict[str, str]]


def registration(token: str, /, **fields: Any) -> dict[str, Any]:
    about = {"name": "box", "capabilities": ["claude"], "hardware": {}}
    return {"machineId": str(uuid.uuid4()), "token": token, **about, **fields}


@pytest.fixture
def token(app: object) -> str:
    return make_enrollment_token()[1]


def test_health_counts_the_connected_workers_of_all_processes(client: FlaskClient) -> None:
    make_machine()
    make_machine()
    make_machine(connected=False)
    answer = client.get("/api/workers/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "connectedWorkers": 2})


def test_until_when_an_agent_is_degraded_is_told_in_utc(client: FlaskClient, token: str) -> None:
    until = {"agentType": "claude", "healthy": False, "degradedUntil": "2030-01-01T01:30:00+02:00"}
    answer = client.post("/api/workers/register", json=registration(token, capabilities=[until]))
    assert answer.status_code == 201, answer.json
    [capability] = answer.json["machine"]["capabilities"]
    assert capability["degradedUntil"] == "2029-12-31T23:30:00.000Z"


def test_a_machine_registers_and_refreshes_its_jwt(client: FlaskClient, token: str) -> None:
    hardware = {"cpuCount": 8, "memoryBytes": 2**34, "os": "linux"}
    capabilities = [{"agentType": "claude", "version": "2.1"}, "codex"]
    body = registration(token, hardware=hardware, capabilities=capabilities, version="0.1")
    answer = client.post("/api/workers/register", json=body)
    assert answer.status_code == 201, answer.json
    machine = answer.json["machine"]
    assert (machine["id"], machine["status"]) == (body["machineId"], "offline")
    assert machine["slots"] == {"total": 2, "used": 0}
    assert machine["hardware"] == {**hardware, "diskBytes": 0, "arch": "", "hostname": ""}
    assert [(c["agentType"], c["version"], c["healthy"]) for c in machine["capabilities"]] == [
        ("claude", "2.1", True),
        ("codex", None, True),
    ]
    assert set(machine["metrics"].values()) == {None}
    assert (machine["drain"], machine["lastSeenAt"]) == (None, None)
    headers = {"Authorization": f"Bearer {answer.json['workerJwt']}"}
    refreshed = client.post("/api/workers/refresh-token", headers=headers)
    assert set(refreshed.json) == {"workerJwt", "expiresAt"}
    assert datetime.fromisoformat(refreshed.json["expiresAt"]).tzinfo


def test_the_loser_of_a_token_learns_no_more_than_an_anonymous_client(
    client: FlaskClient, token: str
) -> None:
    assert client.post("/api/workers/register", json=registration(token)).status_code == 201
    answer = client.post("/api/workers/register", json=registration(token))
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    stranger = registration(tokens.generate(TokenKind.ENROLLMENT))
    assert client.post("/api/workers/register", json=stranger).json == answer.json


def test_a_known_machine_with_another_token_is_a_conflict(client: FlaskClient, token: str) -> None:
    body = registration(token, machineId=str(make_machine().id))
    answer = client.post("/api/workers/register", json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "machine_already_registered")


def test_a_machine_recovers(client: FlaskClient, token: str) -> None:
    body = registration(token)
    registered = client.post("/api/workers/register", json=body).json
    wanted = {"machineId": body["machineId"], "recoverySecret": registered["recoverySecret"]}
    recovered = client.post("/api/workers/recover", json=wanted)
    assert recovered.status_code == 200
    assert set(recovered.json) == set(registered)
    for jwt, status in ((registered["workerJwt"], 401), (recovered.json["workerJwt"], 200)):
        headers = {"Authorization": f"Bearer {jwt}"}
        assert client.post("/api/workers/refresh-token", headers=headers).status_code == status


def test_a_bad_secret_recovers_nothing(client: FlaskClient) -> None:
    machine_id = str(make_machine().id)
    for secret in ("", "x", tokens.generate(TokenKind.RECOVERY)):
        wanted = {"machineId": machine_id, "recoverySecret": secret}
        assert client.post("/api/workers/recover", json=wanted).status_code == 401


def test_a_decommissioned_machine_refreshes_nothing(
    client: FlaskClient, worker_login: WorkerLogin
) -> None:
    machine = make_machine()
    headers = worker_login(machine)
    assert client.post("/api/workers/refresh-token", headers=headers).status_code == 200
    machine.status = MachineStatus.DECOMMISSIONED
    db.session.commit()
    assert client.post("/api/workers/refresh-token", headers=headers).status_code == 401


def test_an_access_token_is_no_worker_jwt(
    client: FlaskClient, login: Callable[[Developer], dict[str, str]]
) -> None:
    headers = login(make_developer())
    assert client.post("/api/workers/refresh-token", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"machineId": "box"}, "machineId"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"capabilities": "claude"}, "capabilities"),
        ({"capabilities": [5]}, "capabilities.0"),
        ({"capabilities": [""]}, "capabilities.0.agentType"),
        ({"capabilities": [{"agentType": "x", "mood": 1}]}, "capabilities.0.mood"),
        (
            {"capabilities": [{"agentType": "x", "degradedUntil": "2030-01-01T00:00:00"}]},
            "capabilities.0.degradedUntil",
        ),
        ({"hardware": {"cpuCount": -1}}, "hardware.cpuCount"),
        ({"hardware": {"memoryBytes": 2**70}}, "hardware.memoryBytes"),
        ({"slots": 0}, "slots"),
        ({"slots": 10**9}, "slots"),
        ({"token": 5}, "token"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_a_bad_registration_uses_up_no_token(
    client: FlaskClient, token: str, fields: dict[str, Any], named: str
) -> None:
    answer = client.post("/api/workers/register", json=registration(token, **fields))
    assert answer.status_code == 422, answer.json
    assert list(answer.json["errors"]) == [named]
    assert client.post("/api/workers/register", json=registration(token)).status_code == 201


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=st.sampled_from(
        ["machineId", "token", "name", "capabilities", "hardware", "slots", "version"]
    ),
    value=json_values,
)
def test_whatever_an_anonymous_client_sends_is_a_client_error(
    client: FlaskClient, field: str, value: Any
) -> None:
    body = registration(tokens.generate(TokenKind.ENROLLMENT), **{field: value})
    assert client.post("/api/workers/register", json=body).status_code in (401, 422)


def test_a_machine_gets_the_images_of_tasks_that_it_works_on_and_no_others(
    client: FlaskClient, worker_login: WorkerLogin
) -> None:
    machine, other, task = make_machine(), make_machine(), make_task()
    image = make_image(task)
    unused = make_unused_image(make_project(), make_developer())
    attempt = make_attempt(task, machine)
    path = f"/api/workers/images/{image.id}"
    found = client.get(path, headers=worker_login(machine))
    assert (found.status_code, found.data) == (200, make_png())
    for who, where in ((other, path), (machine, f"/api/workers/images/{unused.id}")):
        assert client.get(where, headers=worker_login(who)).status_code == 404
    attempt.ended_at, attempt.outcome = now(), AttemptOutcome.PUBLISHED
    assert client.get(path, headers=worker_login(machine)).status_code == 404
