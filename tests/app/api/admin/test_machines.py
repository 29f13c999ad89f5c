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


def test_what_admins_say_of_a_machine_counts_before_what_it_says_itself(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    machine = make_machine(labels={"gpu": "false", "zone": "eu"})
    make_machine(labels={"zone": "us"})
    path = f"{PATH}/{machine.id}"
    shown = client.put(path, json={"labels": {"gpu": "true"}}, headers=headers).json
    assert shown["labels"] == {"gpu": "true", "zone": "eu"}
    assert shown["adminLabels"] == {"gpu": "true"}
    found = [
        [each["id"] for each in client.get(PATH, query_string=query, headers=headers).json["items"]]
        for query in (
            *({"selector": text} for text in ("gpu=true", "gpu!=true", "gpu", "!gpu", "zone!=us")),
            {"selector": "gpu=true,zone=us"},
        )
    ]
    (other,) = found[1]
    assert found == [[str(machine.id)], [other], [str(machine.id)], [other], [str(machine.id)], []]
    # They are replaced as a whole; what the machine says stays.
    shown = client.put(path, json={"labels": {}}, headers=headers).json
    assert (shown["labels"], shown["adminLabels"]) == ({"gpu": "false", "zone": "eu"}, {})
    assert client.get(PATH, query_string={"selector": "a b"}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"labels": {"-gpu": "true"}},
        {"labels": {"gpu": "tr ue"}},
        {"labels": {"gpu": None}},
        {"labels": {f"l{number}": "" for number in range(33)}},
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
