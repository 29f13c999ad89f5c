"""/api/web/profile/sessions: one's logins, and ending them."""

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.models import Developer
from tests.app.api.auth.test_routes import bearer
from tests.factories import PASSWORD, make_developer, make_login, make_personal_token

PATH = "/api/web/profile/sessions"


def sign_in(client: FlaskClient, developer: Developer, **more: Any) -> str:
    body = {"username": developer.name, "password": PASSWORD, **more}
    answer = client.post("/api/auth/login", json=body, headers={"User-Agent": "curl/8.14.1"})
    assert answer.status_code == 200, answer.text
    token: str = answer.json["accessToken"]
    return token


def listed(client: FlaskClient, token: str) -> list[dict[str, Any]]:
    answer = client.get(PATH, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def is_in(client: FlaskClient, token: str) -> bool:
    return client.get("/api/web/profile", headers=bearer(token)).status_code == 200


@pytest.fixture
def ada(app: object) -> Developer:
    return make_developer()


def test_a_session_is_listed_with_device_address_and_when_it_was_seen(
    client: FlaskClient, ada: Developer
) -> None:
    older, token = sign_in(client, ada), sign_in(client, ada, clientName="ada's laptop")
    newest, other = listed(client, token)
    assert set(newest) == {
        *("id", "via", "provider", "device", "address", "createdAt", "lastSeenAt", "current")
    }
    assert (newest["device"], newest["via"], newest["provider"]) == (
        "ada's laptop",
        "password",
        None,
    )
    assert (newest["address"], newest["current"]) == ("127.0.0.1", True)
    assert (other["device"], other["current"]) == ("curl/8.14.1", False)
    assert [session["current"] for session in listed(client, older)] == [False, True]


def test_one_session_ends_and_the_others_go_on(client: FlaskClient, ada: Developer) -> None:
    gone, token = sign_in(client, ada), sign_in(client, ada)
    ended = next(session["id"] for session in listed(client, gone) if session["current"])
    assert client.delete(f"{PATH}/{ended}", headers=bearer(token)).status_code == 200
    assert (is_in(client, gone), is_in(client, token)) == (False, True)
    assert [session["current"] for session in listed(client, token)] == [True]
    assert client.delete(f"{PATH}/{ended}", headers=bearer(token)).status_code == 404


def test_one_may_end_the_session_that_one_is_in(client: FlaskClient, ada: Developer) -> None:
    token = sign_in(client, ada)
    (session,) = listed(client, token)
    assert client.delete(f"{PATH}/{session['id']}", headers=bearer(token)).status_code == 200
    assert not is_in(client, token)


def test_nobody_ends_the_session_of_another(client: FlaskClient, ada: Developer) -> None:
    token, theirs = sign_in(client, ada), make_login(make_developer())
    for session_id in (theirs.id, uuid.uuid4()):
        assert client.delete(f"{PATH}/{session_id}", headers=bearer(token)).status_code == 404
    assert theirs.ended_at is None


@pytest.mark.parametrize(
    ("query", "stays"), [({}, False), ({"others": "false"}, False), ({"others": "true"}, True)]
)
def test_all_end_or_all_others(
    client: FlaskClient, ada: Developer, query: dict[str, str], stays: bool
) -> None:
    (_, secret), elsewhere = make_personal_token(ada), sign_in(client, make_developer())
    others, token = [sign_in(client, ada) for _ in range(2)], sign_in(client, ada)
    answer = client.delete(PATH, query_string=query, headers=bearer(token))
    assert (answer.status_code, answer.json) == (200, {})
    assert [is_in(client, other) for other in others] == [False, False]
    assert is_in(client, token) is stays
    assert is_in(client, secret)  # personal tokens live on
    assert is_in(client, elsewhere)


def test_a_personal_token_neither_sees_nor_ends_sessions(
    client: FlaskClient, ada: Developer
) -> None:
    """Its thief would keep the owner out, who wants to revoke it."""
    headers = bearer(make_personal_token(ada)[1])
    for method, path in (
        ("GET", PATH),
        ("DELETE", PATH),
        ("DELETE", f"{PATH}/{make_login(ada).id}"),
    ):
        assert client.open(path, method=method, headers=headers).status_code == 401


def test_an_admin_signs_somebody_out_everywhere(client: FlaskClient, ada: Developer) -> None:
    admin = sign_in(client, make_developer(role=SystemRole.ADMIN))
    (_, secret), token = make_personal_token(ada), sign_in(client, ada)
    path = f"/api/admin/developers/{ada.id}/sessions"
    assert client.delete(path, headers=bearer(token)).status_code == 403
    assert client.delete(path, headers=bearer(admin)).status_code == 200
    assert (is_in(client, token), is_in(client, secret)) == (False, True)
    missing = client.delete("/api/admin/developers/987654321/sessions", headers=bearer(admin))
    assert missing.status_code == 404
