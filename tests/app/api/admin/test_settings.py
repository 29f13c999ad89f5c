"""GET and PUT /api/admin/settings."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.settings import REGISTRY
from app.models import Developer
from tests.factories import make_developer, make_personal_token

PATH = "/api/admin/settings"
Ask = Callable[..., Any]


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def put(client: FlaskClient, admin: Developer, login: Callable[[Developer], Any]) -> Ask:
    return lambda body: client.put(PATH, json=body, headers=login(admin))


def test_every_setting_is_told_with_all_that_a_form_needs(
    client: FlaskClient, admin: Developer, login: Callable[[Developer], Any]
) -> None:
    answer = client.get(PATH, headers=login(admin)).json
    assert answer["settings"] == {key: setting.default for key, setting in REGISTRY.items()}
    found = {item["key"]: item for item in answer["registry"]}
    assert found["maxLoadPercent"] == {
        "key": "maxLoadPercent",
        "name": "CPU load for new tasks",
        "group": "machines",
        "type": "number",
        "unit": "percent",
        "help": "CPU load above which a machine gets no task.",
        "minimum": 1,
        "maximum": 100,
        "pattern": None,
        "choices": None,
        "default": 90,
        "value": 90,
        "warning": None,
        "updatedAt": None,
        "updatedBy": None,
    }
    assert found["machineUpgrades"]["choices"] == ["off", "idle", "now"]


def test_an_unset_public_url_is_warned_of_until_it_is_set(put: Ask) -> None:
    def warning_after(changes: dict[str, Any]) -> str | None:
        found = {item["key"]: item["warning"] for item in put(changes).json["registry"]}
        return found["publicUrl"]

    assert warning_after({}) == "no_links"
    assert warning_after({"publicUrl": "http://localhost:9000"}) == "loopback_url"
    assert warning_after({"publicUrl": "https://muster.example.org"}) is None


def test_an_update_is_partial_and_null_goes_back_to_the_default(put: Ask, admin: Developer) -> None:
    put({"maxLoadPercent": 50, "loginFailures": 7})
    answer = put({"maxLoadPercent": None})
    assert answer.status_code == 200
    found = {item["key"]: item for item in answer.json["registry"]}
    assert answer.json["settings"]["maxLoadPercent"] == 90
    assert found["maxLoadPercent"]["updatedBy"] is None
    assert answer.json["settings"]["loginFailures"] == found["loginFailures"]["value"] == 7
    assert found["loginFailures"]["updatedBy"] == {"id": admin.id, "name": admin.name}
    assert found["loginFailures"]["updatedAt"].endswith("Z")


@pytest.mark.parametrize(
    "value", ["90", True, 0, 100.5, [90], {"a": 1}, 10**400, -0.0], ids=lambda v: str(v)[:10]
)
def test_what_a_setting_cannot_be_is_refused_by_field(put: Ask, value: object) -> None:
    answer = put({"maxLoadPercent": value, "loginFailures": 7})
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == {"maxLoadPercent"}
    assert put({}).json["settings"]["loginFailures"] == 5


def test_a_count_is_told_as_a_whole_number_however_it_was_written(put: Ask) -> None:
    answer = put({"loginFailures": 7.0})
    assert answer.status_code == 200
    assert '"loginFailures":7,' in answer.text.replace(" ", "")


@pytest.mark.parametrize("key", ["nope", "max_load_percent", "MaxLoadPercent", "", "__class__"])
def test_an_unknown_key_is_refused(put: Ask, key: str) -> None:
    answer = put({key: 1})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [key or "body"]


@pytest.mark.parametrize("body", [[], "x", 7], ids=str)
def test_the_body_is_an_object(put: Ask, body: object) -> None:
    assert put(body).status_code == 422


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_settings_are_for_admins(
    client: FlaskClient, login: Callable[[Developer], Any], role: SystemRole
) -> None:
    headers = login(make_developer(role=role))
    assert client.get(PATH, headers=headers).status_code == 403
    assert client.put(PATH, json={"loginFailures": 7}, headers=headers).status_code == 403
    assert client.get(PATH).status_code == 401


def test_an_admins_script_reads_them_but_changes_none(
    client: FlaskClient, admin: Developer
) -> None:
    _, secret = make_personal_token(admin)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(PATH, headers=headers).status_code == 200
    answer = client.put(PATH, json={"loginFailures": 7}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "session_required")
