"""An access token that was copied: it goes with its owner, and makes nothing that stays."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from app.models import ChatToken, Developer, Login, PersonalToken, SecondFactor
from app.services import clock
from tests.factories import PASSWORD, make_developer

PROFILE = "/api/web/profile"
STAYS: list[tuple[str, Any, Any]] = [
    (f"{PROFILE}/tokens", {"label": "mine now", "expiresAt": None}, PersonalToken),
    (f"{PROFILE}/chat-token", None, ChatToken),
    (f"{PROFILE}/totp/setup", None, SecondFactor),
]
ENDS = ("logout", "this session", "all sessions", "password")


@pytest.fixture
def ada(app: object) -> Developer:
    return make_developer()


@pytest.fixture
def pair(client: FlaskClient, ada: Developer) -> dict[str, str]:
    body = {"username": ada.name, "password": PASSWORD}
    found: dict[str, str] = client.post("/api/auth/login", json=body).json
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def count(kind: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def leave(client: FlaskClient, pair: dict[str, str], how: str) -> None:
    """What the owner does, in the login that the token was copied from."""
    headers = bearer(pair["accessToken"])
    passwords = {"currentPassword": PASSWORD, "newPassword": "a password that is new"}
    answer = {
        "logout": lambda: client.post(
            "/api/auth/logout", json={"refreshToken": pair["refreshToken"]}, headers=headers
        ),
        "this session": lambda: client.delete(
            f"{PROFILE}/sessions/{_current(client, headers)}", headers=headers
        ),
        "all sessions": lambda: client.delete(f"{PROFILE}/sessions", headers=headers),
        "password": lambda: client.put(f"{PROFILE}/password", json=passwords, headers=headers),
    }[how]()
    assert answer.status_code == 200, answer.text


def _current(client: FlaskClient, headers: dict[str, str]) -> str:
    items = client.get(f"{PROFILE}/sessions", headers=headers).json["items"]
    return next(str(session["id"]) for session in items if session["current"])


@pytest.mark.parametrize(("path", "body", "kind"), STAYS)
@pytest.mark.parametrize("how", ENDS)
def test_after_its_owner_has_left_a_copied_token_makes_itself_nothing(
    client: FlaskClient, pair: dict[str, str], how: str, path: str, body: Any, kind: Any
) -> None:
    leave(client, pair, how)
    copied = bearer(pair["accessToken"])
    assert client.post(path, json=body, headers=copied).status_code == 401
    assert client.get(PROFILE, headers=copied).status_code == 401
    body = {"password": PASSWORD}
    assert client.post("/api/auth/reauthenticate", json=body, headers=copied).status_code == 401
    assert count(kind) == 0


@pytest.mark.parametrize(("path", "body", "kind"), STAYS)
def test_while_its_owner_is_there_it_makes_nothing_that_stays_without_their_proof(
    client: FlaskClient, pair: dict[str, str], path: str, body: Any, kind: Any
) -> None:
    copied = bearer(pair["accessToken"])
    db.session.execute(
        sa.update(Login).values(reauthenticated_at=clock.now() - timedelta(minutes=10))
    )
    answer = client.post(path, json=body, headers=copied)
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert count(kind) == 0


def test_it_does_not_refresh_its_login(client: FlaskClient, pair: dict[str, str]) -> None:
    answer = client.post("/api/auth/refresh", json={"refreshToken": pair["accessToken"]})
    assert answer.status_code == 401
