"""/api/web/profile/tokens, and what a personal access token opens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind, is_token
from app.extensions import db
from app.models import Developer
from app.services import clock
from app.services.people import tokens
from tests.app.services.statements import counted
from tests.factories import PASSWORD, make_developer, make_personal_token

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile/tokens"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_shown_once(client: FlaskClient, login: Login) -> None:
    headers = login(make_developer())
    made = client.post(PATH, json={"label": "ci"}, headers=headers)
    assert made.status_code == 201
    secret = made.json.pop("token")
    assert is_token(secret, TokenKind.PERSONAL)
    assert secret.startswith(made.json["prefix"])
    (listed,) = client.get(PATH, headers=headers).json["items"]
    assert listed == {key: value for key, value in made.json.items() if key != "token"}
    assert (listed["lastUsedAt"], listed["expiresAt"], listed["revokedAt"]) == (None, None, None)
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 200
    (used,) = client.get(PATH, headers=headers).json["items"]
    assert used["lastUsedAt"] is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"label": "x", "expiresAt": None}, 201),
        ({"label": "x", "expiresAt": "2999-01-01T00:00:00Z"}, 201),
        ({"label": "x", "expiresAt": "2001-01-01T00:00:00Z"}, 422),
        ({"label": "x", "expiresAt": "2999-01-01T00:00:00"}, 422),
        ({}, 422),
        ({"label": ""}, 422),
        ({"label": "a\nb"}, 422),
        ({"label": "x", "developerId": 1}, 422),
    ],
    ids=str,
)
def test_what_a_token_may_be_asked_for(
    client: FlaskClient, login: Login, body: dict[str, Any], status: int
) -> None:
    assert client.post(PATH, json=body, headers=login(make_developer())).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/auth/logout", {"refreshToken": "x"}),
        (
            "PUT",
            "/api/web/profile/password",
            {"currentPassword": PASSWORD, "newPassword": PASSWORD},
        ),
        ("POST", PATH, {"label": "offspring"}),
        ("POST", PATH + "/", {"label": "offspring"}),
        ("POST", "/api/workers/refresh-token", None),
        ("GET", "/api/no-such-room", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_personal_token_is_refused_where_it_does_not_belong(
    client: FlaskClient, method: str, path: str, body: Any
) -> None:
    _, secret = make_personal_token(make_developer(role=SystemRole.ADMIN))
    answer = client.open(path, method=method, json=body, headers=bearer(secret))
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


def test_a_personal_token_has_the_rights_of_its_developer(client: FlaskClient) -> None:
    _, admins = make_personal_token(make_developer(role=SystemRole.ADMIN))
    _, leads = make_personal_token(make_developer(role=SystemRole.LEAD))
    assert client.get("/api/admin/developers", headers=bearer(admins)).status_code == 200
    assert client.get("/api/admin/developers", headers=bearer(leads)).status_code == 403
    assert client.get("/api/web/tasks", headers=bearer(leads)).status_code == 200
    assert client.get(PATH, headers=bearer(leads)).status_code == 200


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled"])
def test_a_token_that_has_ended_opens_nothing(client: FlaskClient, end: str) -> None:
    developer = make_developer()
    token, secret = make_personal_token(developer)
    if end == "revoked":
        token.revoked_at = clock.now()
    elif end == "expired":
        token.expires_at = clock.now()
    else:
        developer.disabled_at = clock.now()
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 401


def test_a_token_of_the_right_form_that_nobody_made_opens_nothing(client: FlaskClient) -> None:
    headers = bearer(tokens.new(TokenKind.PERSONAL))
    assert client.get("/api/web/tasks", headers=headers).status_code == 401


def test_a_raised_generation_leaves_personal_tokens_alone(client: FlaskClient) -> None:
    developer = make_developer()
    _, secret = make_personal_token(developer)
    developer.token_generation += 1
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 200


def test_revoking_may_be_repeated_and_is_for_the_owner(client: FlaskClient, login: Login) -> None:
    developer = make_developer()
    token, secret = make_personal_token(developer)
    stranger = login(make_developer(role=SystemRole.ADMIN))
    assert client.post(f"{PATH}/{token.id}/revoke", headers=stranger).status_code == 404
    assert client.get(PATH, headers=stranger).json["items"] == []
    first = client.post(f"{PATH}/{token.id}/revoke", headers=login(developer))
    assert (first.status_code, first.json["revokedAt"] is None) == (200, False)
    again = client.post(f"{PATH}/{token.id}/revoke", headers=login(developer))
    assert again.json == first.json
    assert client.get("/api/web/tasks", headers=bearer(secret)).status_code == 401
    assert client.post(f"{PATH}/999/revoke", headers=login(developer)).status_code == 404


def test_a_use_is_written_down_once_a_minute_and_authenticating_is_one_query(
    client: FlaskClient,
) -> None:
    token, secret = make_personal_token(make_developer())

    def statements() -> list[str]:
        with counted() as sent:
            client.get("/api/web/no-such-path", headers=bearer(secret))
        return [line.split()[0] for line in sent if line.startswith(("SELECT", "UPDATE"))]

    assert statements() == ["SELECT", "UPDATE"]
    first = token.last_used_at
    assert statements() == ["SELECT"]
    assert token.last_used_at == first
    token.last_used_at = clock.now() - timedelta(seconds=61)
    db.session.commit()
    assert statements() == ["SELECT", "UPDATE"]
