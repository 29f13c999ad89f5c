"""Which machines projects want, and which may have the work of protected ones."""

from typing import Any

from flask.testing import FlaskClient

from tests.app.api.web.projects_world import Login, admin
from tests.factories import make_developer, make_machine, make_project

__all__ = ["admin"]  # a fixture


def test_only_an_admin_protects_a_project_and_names_its_machines(
    client: FlaskClient, login: Login, admin: dict[str, str]
) -> None:
    maintainer, machine = make_developer(), str(make_machine().id)
    path = f"/api/web/projects/{make_project(maintainers=[maintainer]).key}"
    headers = login(maintainer)

    def put(by: dict[str, str], **body: Any) -> tuple[int, Any, Any]:
        answer = client.put(path, json=body, headers=by)
        shown = answer.json
        return answer.status_code, shown.get("protected"), shown.get("protectedMachines")

    refused = (403, None, None)
    assert put(headers, protected=True) == refused
    assert put(headers, protectedMachines=[machine]) == refused
    assert put(admin, protected=True, protectedMachines=[machine, machine]) == (
        200,
        True,
        [machine],
    )
    # What is there may stay: a client sends the whole project back.
    same = {"protected": True, "protectedMachines": [machine], "name": "x"}
    assert put(headers, **same) == (200, True, [machine])
    assert put(headers, protected=False) == refused
    assert put(headers, protectedMachines=[]) == refused
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert put(admin, protectedMachines=[nobodys])[0] == 422
    assert put(admin, protected=False) == (200, False, [machine])


def test_a_selector_is_stored_in_one_form(client: FlaskClient, admin: dict[str, str]) -> None:
    path = f"/api/web/projects/{make_project().key}"
    for sent, kept in (
        (" gpu = true,zone!=eu ,gpu=true", "gpu=true,zone!=eu"),
        ("!gpu", "!gpu"),
        ("", None),
        (None, None),
    ):
        answer = client.put(path, json={"machineSelector": sent}, headers=admin)
        assert (answer.status_code, answer.json["machineSelector"]) == (200, kept)
    answer = client.put(path, json={"machineSelector": "gpu=="}, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["machineSelector"])


def test_a_task_is_not_made_for_a_machine_that_a_protected_project_does_not_name(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    named, other = str(make_machine().id), str(make_machine().id)
    project = make_project(protected=True, protected_machines=[named])
    for machine, status in ((other, 422), (named, 201)):
        body = {"projectKey": project.key, "description": "x", "machineId": machine}
        answer = client.post("/api/web/tasks", json=body, headers=admin)
        assert answer.status_code == status, answer.text
        if status == 422:
            assert list(answer.json["errors"]) == ["machineId"]


def test_a_task_says_its_selector(client: FlaskClient, admin: dict[str, str]) -> None:
    body = {"projectKey": make_project().key, "description": "x", "machineSelector": "gpu , !spot"}
    made = client.post("/api/web/tasks", json=body, headers=admin)
    assert (made.status_code, made.json["machineSelector"]) == (201, "gpu,!spot")
    shown = client.get(f"/api/web/tasks/{made.json['id']}", headers=admin)
    assert shown.json["machineSelector"] == "gpu,!spot"
    wrong = client.post("/api/web/tasks", json={**body, "machineSelector": "a b"}, headers=admin)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["machineSelector"])
