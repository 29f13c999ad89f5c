"""/api/web/profile: who one is, and one's own password."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.models import Developer
from tests.app.services.accounts.test_auth_sessions import Clock, time_
from tests.factories import PASSWORD, make_developer, make_personal_token

__all__ = ["time_"]

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile"
NEW_PASSWORD = "another long password"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    pair: dict[str, str] = answer.get_json()
    return pair


def test_a_profile_is_read_and_changed(client: FlaskClient, login: Login) -> None:
    developer = make_developer()
    headers = login(developer)
    before = client.get(PATH, headers=headers).json
    assert before.pop("createdAt").endswith("Z")
    assert before.pop("reauthenticatedUntil").endswith("Z")
    assert before == {
        "id": developer.id,
        "name": developer.name,
        "role": "developer",
        "gitName": developer.git_name,
        "gitEmail": developer.git_email,
        "totpEnabled": False,
        "mustChangePassword": False,
        "platformUid": None,
    }
    changed = client.put(PATH, json={"gitName": "Ada L"}, headers=headers)
    assert (changed.status_code, changed.json["gitName"]) == (200, "Ada L")
    assert changed.json["gitEmail"] == before["gitEmail"]
    assert client.get(PATH, headers=headers).json == changed.json


def test_a_session_is_told_until_when_it_counts_as_confirmed(
    client: FlaskClient, time_: Clock
) -> None:
    developer = make_developer()
    headers = bearer(sign_in(client, developer.name)["accessToken"])

    def reauthenticated_until() -> datetime | None:
        until = client.get(PATH, headers=headers).json["reauthenticatedUntil"]
        return datetime.fromisoformat(until) if until else None

    until = reauthenticated_until()
    assert until is not None
    assert abs(until - (time_.moment + timedelta(minutes=10))) < timedelta(seconds=1)
    time_.pass_(minutes=10)
    assert reauthenticated_until() is None
    answer = client.post("/api/auth/reauthenticate", json={"password": PASSWORD}, headers=headers)
    assert reauthenticated_until() == datetime.fromisoformat(answer.json["reauthenticatedUntil"])


def test_a_personal_token_never_counts_as_confirmed(client: FlaskClient) -> None:
    _, secret = make_personal_token(make_developer())
    assert client.get(PATH, headers=bearer(secret)).json["reauthenticatedUntil"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"gitName": ""},
        {"gitName": "a\nb"},
        {"gitEmail": "nobody"},
        {"gitName": None},
        {"role": "admin"},
        {"id": 1},
        {"disabled": True},
        {"name": "other"},
    ],
    ids=str,
)
def test_nothing_else_of_a_profile_can_be_changed(
    client: FlaskClient, login: Login, body: dict[str, object]
) -> None:
    answer = client.put(PATH, json=body, headers=login(make_developer()))
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))


def test_a_new_password_ends_every_session_but_the_one_it_begins(client: FlaskClient) -> None:
    developer = make_developer()
    here, elsewhere = sign_in(client, developer.name), sign_in(client, developer.name)
    answer = client.put(
        f"{PATH}/password",
        json={"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD},
        headers=bearer(here["accessToken"]),
    )
    assert (answer.status_code, set(answer.json)) == (200, {"accessToken", "refreshToken"})
    for dead in (here, elsewhere):
        assert client.get(PATH, headers=bearer(dead["accessToken"])).status_code == 401
        body = {"refreshToken": dead["refreshToken"]}
        assert client.post("/api/auth/refresh", json=body).status_code == 401
    assert client.get(PATH, headers=bearer(answer.json["accessToken"])).status_code == 200
    body = {"refreshToken": answer.json["refreshToken"]}
    assert client.post("/api/auth/refresh", json=body).status_code == 200
    sign_in(client, developer.name, NEW_PASSWORD)
    old = {"username": developer.name, "password": PASSWORD}
    assert client.post("/api/auth/login", json=old).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"currentPassword": "not the password", "newPassword": NEW_PASSWORD}, "currentPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "eleven char"}, "newPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "x" * 1025}, "newPassword"),
        ({"currentPassword": PASSWORD}, "newPassword"),
        ({"newPassword": NEW_PASSWORD}, "currentPassword"),
    ],
    ids=["wrong", "short", "long", "none", "unconfirmed"],
)
def test_a_refused_password_changes_nothing(
    client: FlaskClient, login: Login, body: dict[str, str], field: str
) -> None:
    developer = make_developer()
    headers = login(developer)
    answer = client.put(f"{PATH}/password", json=body, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert client.get(PATH, headers=headers).status_code == 200
    sign_in(client, developer.name)
