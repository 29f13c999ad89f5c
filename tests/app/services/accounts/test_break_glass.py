"""Without passwords one admin's still signs in, and there is always such an admin."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.models import Developer
from app.services import settings
from app.services.accounts import passwords
from tests.factories import PASSWORD, access_token_of, make_developer

OFF = {"passwordLogin": "off", "breakGlassAdmin": "Glass"}


@pytest.fixture
def glass(app: Flask) -> Developer:
    return make_developer(name="glass", role=SystemRole.ADMIN)


@pytest.fixture
def put(client: FlaskClient, glass: Developer) -> Callable[..., Any]:
    headers = {"Authorization": f"Bearer {access_token_of(glass)}"}
    return lambda path, body: client.put(f"/api/admin/{path}", json=body, headers=headers)


def sign_in(client: FlaskClient, developer: Developer, password: str = PASSWORD) -> Any:
    login = {"username": developer.name, "password": password}
    return client.post("/api/auth/login", json=login)


def test_passwords_sign_nobody_in_but_the_admin_for_emergencies(
    client: FlaskClient, put: Callable[..., Any], glass: Developer
) -> None:
    other = make_developer(role=SystemRole.ADMIN)
    assert put("settings", OFF).status_code == 200
    assert client.get("/api/auth/providers").json["passwordLogin"] == "off"
    refused = sign_in(client, other)
    assert (refused.status_code, refused.json["code"]) == (403, "password_login_off")
    # Only with the correct password.
    assert sign_in(client, other, "another password").json["code"] == "invalid_credentials"
    assert sign_in(client, glass).status_code == 200


def test_a_password_that_signs_nobody_in_confirms_nothing(
    client: FlaskClient, put: Callable[..., Any]
) -> None:
    headers = {"Authorization": f"Bearer {access_token_of(make_developer())}"}
    put("settings", OFF)
    answer = client.post("/api/auth/reauthenticate", json={"password": PASSWORD}, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["password"])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "nobody"},
        {"role": SystemRole.LEAD},
        {"password_hash": passwords.UNUSABLE_HASH},
        {"base_role": SystemRole.DEVELOPER},  # an admin by groups
    ],
)
def test_passwords_are_not_turned_off_without_such_an_admin(
    put: Callable[..., Any], given: dict[str, Any]
) -> None:
    if given:
        make_developer(**{"name": "somebody", "role": SystemRole.ADMIN} | given)
    named = {"passwordLogin": "off", "breakGlassAdmin": "somebody" if given else ""}
    answer = put("settings", named)
    assert (answer.status_code, answer.json["code"]) == (409, "lockout_prevented")
    assert settings.value("passwordLogin") == "on"


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "lead"}])
def test_that_admin_stays_one(
    put: Callable[..., Any], glass: Developer, change: dict[str, Any]
) -> None:
    make_developer(role=SystemRole.ADMIN)
    put("settings", OFF)
    answer = put(f"developers/{glass.id}", change)
    assert (answer.status_code, answer.json["code"]) == (409, "lockout_prevented")
    assert put("settings", {"passwordLogin": None}).status_code == 200
    assert put(f"developers/{glass.id}", change).status_code == 200


def test_an_operator_turns_password_login_on_again(
    app: Flask, client: FlaskClient, put: Callable[..., Any]
) -> None:
    put("settings", OFF)
    assert (
        app.test_cli_runner().invoke(args=["password-login"]).output == "password sign-in is on\n"
    )
    assert sign_in(client, make_developer()).status_code == 200
