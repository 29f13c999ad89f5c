"""/api/admin/machines."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.models import Developer
from tests.factories import make_developer, make_machine

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/machines"
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def headers(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


def test_machines_are_for_admins_here(client: FlaskClient, login: Login) -> None:
    lead, path = login(make_developer(role=SystemRole.LEAD)), f"{PATH}/{make_machine().id}"
    assert client.get(PATH, headers=lead).status_code == 403
    assert client.put(path, json={"name": "x"}, headers=lead).status_code == 403
    assert client.delete(path, headers=lead).status_code == 403


def test_a_machine_is_renamed_resized_and_drained_in_one_go(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    path = f"{PATH}/{make_machine().id}"
    body = {"name": "big", "slots": 5, "status": "draining"}
    shown = client.put(path, json=body, headers=headers).json
    assert (shown["name"], shown["slots"]["total"], shown["status"]) == ("big", 5, "draining")
    shown = client.put(path, json={"status": "online"}, headers=headers).json
    assert (shown["name"], shown["status"], shown["drain"]) == ("big", "online", None)
    assert [item["name"] for item in client.get(PATH, headers=headers).json["items"]] == ["big"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "offline"},
        {"status": "drained"},
        {"status": "gone"},
        {"slots": 0},
        {"name": ""},
        {"name": "a\nb"},
        {"id": NOBODY},
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    client: FlaskClient, headers: dict[str, str], body: dict[str, Any]
) -> None:
    path = f"{PATH}/{make_machine(name='box').id}"
    answer = client.put(path, json={"name": "other", **body}, headers=headers)
    assert answer.status_code == 422
    assert client.get(PATH, headers=headers).json["items"][0]["name"] == "box"


@pytest.mark.parametrize("how", ["delete", "put"])
def test_a_decommissioned_machine_stays_so(
    client: FlaskClient, headers: dict[str, str], how: str
) -> None:
    path = f"{PATH}/{make_machine().id}"
    if how == "delete":
        for query in ("", "?dead=true"):
            answer = client.delete(path + query, headers=headers)
            assert (answer.status_code, answer.json) == (200, {})
    else:
        body = {"status": "decommissioned"}
        for _ in ("once", "again"):
            answer = client.put(path, json=body, headers=headers)
            assert (answer.status_code, answer.json.get("status")) == (200, "decommissioned")
    for other in ({"status": "online"}, {"status": "decommissioned", "name": "x"}, {"slots": 9}):
        answer = client.put(path, json=other, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (409, "machine_decommissioned")
    listed = client.get(f"{PATH}?status=decommissioned", headers=headers).json["items"]
    assert [item["status"] for item in listed] == [MachineStatus.DECOMMISSIONED]


def test_an_unknown_machine_is_not_found(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.put(f"{PATH}/{NOBODY}", json={}, headers=headers).status_code == 404
    assert client.delete(f"{PATH}/{NOBODY}", headers=headers).status_code == 404
