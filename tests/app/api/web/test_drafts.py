"""/api/web/profile/drafts: unfinished descriptions of tasks."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain import drafts
from app.models import Developer
from tests.factories import make_developer, make_draft

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile/drafts"


def test_a_draft_keeps_what_the_form_has_and_what_a_change_leaves_out(
    client: FlaskClient, login: Login
) -> None:
    headers = login(make_developer())
    made = client.post(PATH, json={}, headers=headers)
    assert (made.status_code, made.json["description"], made.json["projectKey"]) == (201, "", None)
    path = f"{PATH}/{made.json['id']}"
    given = {
        "projectKey": "GONE",
        "description": "Speed up",
        "machineSelector": "gpu=",
        "agentType": "codex",
        "agentOptions": {"model": "big"},
        "priority": -5,
        "budget": {"minutes": 5},
    }
    saved = client.put(path, json=given, headers=headers)
    assert saved.status_code == 200
    assert saved.json.items() >= given.items()
    again = client.put(path, json={"description": "Speed up the tests"}, headers=headers).json
    assert again.items() >= (given | {"description": "Speed up the tests"}).items()
    assert client.get(PATH, headers=headers).json["items"] == [again]


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": "x" * 20_001},
        {"projectKey": "x" * 65},
        {"machineSelector": "x" * 1001},
        {"agentType": "No Agent"},
        {"priority": 1001},
        {"budget": {"minutes": 0}},
        {"title": "x"},
    ],
)
def test_what_no_task_could_have_is_no_draft(
    client: FlaskClient, login: Login, wrong: dict[str, object]
) -> None:
    assert client.post(PATH, json=wrong, headers=login(make_developer())).status_code == 422


def test_a_draft_is_its_writers_alone(client: FlaskClient, login: Login) -> None:
    theirs, headers = make_draft(make_developer()), login(make_developer())
    path = f"{PATH}/{theirs.id}"
    assert client.get(PATH, headers=headers).json["items"] == []
    assert client.put(path, json={}, headers=headers).status_code == 404
    assert client.delete(path, headers=headers).status_code == 404


def test_a_deleted_draft_is_gone(client: FlaskClient, login: Login) -> None:
    me = make_developer()
    path, headers = f"{PATH}/{make_draft(me).id}", login(me)
    assert client.delete(path, headers=headers).json == {}
    assert client.delete(path, headers=headers).status_code == 404
    assert client.get(PATH, headers=headers).json["items"] == []


def test_drafts_are_limited_and_deleting_one_frees_a_place(
    client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.accounts.drafts.MAX_DRAFTS", 2)
    me = make_developer()
    make_draft(make_developer())  # another's do not count
    first, headers = make_draft(me).id, login(me)
    assert client.post(PATH, json={}, headers=headers).status_code == 201
    full = client.post(PATH, json={}, headers=headers)
    assert (full.status_code, full.json["code"]) == (409, "too_many_drafts")
    client.delete(f"{PATH}/{first}", headers=headers)
    assert client.post(PATH, json={}, headers=headers).status_code == 201
    assert drafts.MAX_DRAFTS == 50
