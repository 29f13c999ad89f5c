"""/api/admin/worker-tokens as admins see it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.timestamps import to_rfc3339
from app.domain.tokens import TokenKind, is_token
from app.models import Developer
from tests.factories import (
    make_attempt,
    make_developer,
    make_enrollment_token,
    make_machine,
    make_task,
)

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/worker-tokens"


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


def test_a_token_is_shown_once(client: FlaskClient, admin: dict[str, str]) -> None:
    made = client.post(PATH, json={"label": "rack 4"}, headers=admin)
    assert made.status_code == 201
    fields = made.json
    token, line = fields.pop("token"), fields.pop("installLine")
    assert f"MUSTER_ENROLL_TOKEN={token} sh -s --" in line
    assert is_token(token, TokenKind.ENROLLMENT)
    assert (made.json["label"], made.json["status"]) == ("rack 4", "unused")
    (listed,) = client.get(PATH, headers=admin).json["items"]
    assert listed == fields
    assert token.startswith(listed["prefix"])
    life = datetime.fromisoformat(listed["expiresAt"]) - datetime.fromisoformat(listed["createdAt"])
    assert life == timedelta(hours=24)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 201),
        ({"expiresAt": None}, 201),
        ({"expiresAt": "2999-01-01T00:00:00+02:00"}, 201),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, 422),
        ({"expiresAt": "2999-01-01T00:00:00"}, 422),
        ({"expiresAt": "tomorrow"}, 422),
        ({"expiresAt": 5}, 422),
        ({"label": "x" * 201}, 422),
        ({"label": "a\nb"}, 422),
        ({"uses": 2}, 422),
    ],
    ids=str,
)
def test_what_a_token_may_be_asked_for(
    client: FlaskClient, admin: dict[str, str], body: dict[str, Any], status: int
) -> None:
    assert client.post(PATH, json=body, headers=admin).status_code == status


def test_revoking_is_told_and_may_be_repeated(client: FlaskClient, admin: dict[str, str]) -> None:
    token, _ = make_enrollment_token()
    first = client.post(f"{PATH}/{token.id}/revoke", headers=admin)
    assert (first.status_code, first.json["status"]) == (200, "revoked")
    assert client.post(f"{PATH}/{token.id}/revoke", headers=admin).json == first.json
    status = client.get(f"{PATH}/{token.id}/status", headers=admin).json
    unknown = dict.fromkeys(("usedAt", "connectedAt", "firstTask", "machine"))
    assert status == {"status": "revoked", "agents": [], **unknown}


def test_a_used_token_names_its_machine(client: FlaskClient, admin: dict[str, str]) -> None:
    machine = make_machine()
    token, _ = make_enrollment_token(machine_id=machine.id, used_at=machine.created_at)
    status = client.get(f"{PATH}/{token.id}/status", headers=admin).json
    assert (status["status"], status["machine"]["id"]) == ("used", str(machine.id))


def test_how_far_a_new_machine_has_come_is_told(client: FlaskClient, admin: dict[str, str]) -> None:
    machine = make_machine(connected_at=None)
    token, _ = make_enrollment_token(machine_id=machine.id, used_at=machine.created_at)
    make_attempt(make_task(), machine, started_at=None)

    def progress() -> tuple[Any, ...]:
        status = client.get(f"{PATH}/{token.id}/status", headers=admin).json
        return tuple(status[name] for name in ("usedAt", "connectedAt", "firstTask"))

    assert progress() == (to_rfc3339(machine.created_at), None, None)
    machine.connected_at = later = machine.created_at + timedelta(seconds=4)
    first = make_attempt(make_task(), machine, started_at=later)
    make_attempt(make_task(), machine, started_at=later + timedelta(seconds=1))
    begun = {"taskId": first.task_id, "startedAt": to_rfc3339(later)}
    assert progress() == (to_rfc3339(machine.created_at), to_rfc3339(later), begun)


def test_which_agents_were_found_is_told_once_the_machine_has_connected(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    there = {"agentType": "claude", "version": "2.1.0", "healthy": True}
    ill = {"agentType": "codex", "healthy": False, "reason": "auth_failure"}
    absent = {"agentType": "gemini", "healthy": False, "reason": "binary_missing"}
    machine = make_machine(
        connected_at=None, capabilities=[there, ill, absent, {"agentType": "acp"}]
    )
    token, _ = make_enrollment_token(machine_id=machine.id, used_at=machine.created_at)

    def found() -> list[str]:
        status = client.get(f"{PATH}/{token.id}/status", headers=admin).json
        return [agent["agentType"] for agent in status["agents"]]

    assert found() == []
    machine.connected_at = machine.created_at
    assert found() == ["claude", "codex"]


@pytest.mark.parametrize("token_id", ["0", "999", str(2**63 - 1), str(2**63), "x", "-1"])
def test_an_unknown_token_is_not_found(
    client: FlaskClient, admin: dict[str, str], token_id: str
) -> None:
    assert client.get(f"{PATH}/{token_id}/status", headers=admin).status_code == 404
    assert client.post(f"{PATH}/{token_id}/revoke", headers=admin).status_code == 404


def test_tokens_are_the_admins_business(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer(role=SystemRole.LEAD))
    assert client.get(PATH, headers=headers).status_code == 403
    assert client.post(PATH, json={}, headers=headers).status_code == 403
