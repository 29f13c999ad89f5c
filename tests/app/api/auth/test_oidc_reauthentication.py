"""Confirming by a provider, and what a server needs to be found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Developer, IdentityProvider, Login
from app.services import clock
from tests.factories import make_developer
from tests.sso.issuer import Issuer
from tests.sso.sign_in import SignIn, access_token, query_of


@pytest.fixture
def headers(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> dict[str, str]:
    """Of ada's login by the provider, whose confirmation is over."""
    start_sign_in().return_to_app()
    bearer = {"Authorization": f"Bearer {access_token(client)}"}
    db.session.execute(sa.update(Login).values(reauthenticated_at=clock.now() - timedelta(hours=1)))
    return bearer


@pytest.fixture
def reauthenticate(
    client: FlaskClient, provider: IdentityProvider, issuer: Issuer, headers: dict[str, str]
) -> Callable[..., str]:
    """Where the browser is in the end, which comes back with these claims."""

    def confirmed(**claims: Any) -> str:
        body = {"provider": provider.name, "next": "/a"}
        answer = client.post("/api/auth/reauthenticate", json=body, headers=headers)
        assert (answer.status_code, answer.json["reauthenticatedUntil"]) == (200, None), answer.text
        asked = query_of(answer.json["url"])
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")
        issuer.given = {"id_token": issuer.signed(issuer.claims(asked["nonce"], **claims))}
        query = {"code": "x", "state": asked["state"]}
        back = client.get(f"/api/auth/oidc/{provider.name}/callback", query_string=query)
        where: str = back.headers["Location"]
        return where

    return confirmed


def make_token(client: FlaskClient, headers: dict[str, str]) -> int:
    answer = client.post("/api/web/profile/tokens", json={"label": "x"}, headers=headers)
    return int(answer.status_code)


def test_who_has_signed_in_there_again_has_confirmed(
    client: FlaskClient, reauthenticate: Callable[..., str], headers: dict[str, str]
) -> None:
    assert make_token(client, headers) == 403
    assert reauthenticate() == "/a"
    assert make_token(client, headers) == 201


@pytest.mark.parametrize("auth_time", [None, 0, 1_700_000_000])
def test_who_was_signed_in_there_already_has_not(
    client: FlaskClient,
    reauthenticate: Callable[..., str],
    headers: dict[str, str],
    auth_time: object,
) -> None:
    assert reauthenticate(auth_time=auth_time) == "/a?error=sign_in_refused"
    assert make_token(client, headers) == 403


def test_nor_has_somebody_else(
    client: FlaskClient, reauthenticate: Callable[..., str], headers: dict[str, str]
) -> None:
    make_developer(email="eve@example.org")
    assert reauthenticate(sub="eve-1", email="eve@example.org") == "/a?error=sign_in_refused"
    assert make_token(client, headers) == 403


def test_nor_has_a_login_that_has_ended_meanwhile(
    client: FlaskClient, provider: IdentityProvider, issuer: Issuer, headers: dict[str, str]
) -> None:
    body = {"provider": provider.name, "next": "/a"}
    asked = query_of(
        client.post("/api/auth/reauthenticate", json=body, headers=headers).json["url"]
    )
    db.session.execute(sa.update(Login).values(ended_at=clock.now()))
    issuer.given = {"id_token": issuer.signed(issuer.claims(asked["nonce"]))}
    query = {"code": "x", "state": asked["state"]}
    back = client.get(f"/api/auth/oidc/{provider.name}/callback", query_string=query)
    assert back.headers["Location"] == "/a?error=invalid_token"


def test_providers_need_to_know_where_the_server_is(
    client: FlaskClient, provider: IdentityProvider
) -> None:
    where = f"/api/auth/oidc/{provider.name}/start"
    answer = client.get(where, headers={"Host": "muster.example.org"})
    assert (answer.status_code, answer.json["code"]) == (409, "public_url_missing")


def test_a_provider_that_is_away_sends_nobody_into_the_void(
    client: FlaskClient, provider: IdentityProvider
) -> None:
    provider.issuer = "http://127.0.0.1:1"
    answer = client.get(f"/api/auth/oidc/{provider.name}/start?next=/a")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/a?error=unavailable")


def test_a_provider_that_is_off_is_not_there(
    client: FlaskClient, provider: IdentityProvider
) -> None:
    assert [each["name"] for each in client.get("/api/auth/providers").json["items"]] == [
        provider.name
    ]
    provider.enabled = False
    assert client.get("/api/auth/providers").json["items"] == []
    assert client.get(f"/api/auth/oidc/{provider.name}/start").status_code == 404


def test_setting_out_is_bounded_for_an_address(
    client: FlaskClient, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.sso.sign_in_flow.MAX_STARTED", 2)
    where = f"/api/auth/oidc/{provider.name}/start"
    assert [client.get(where).status_code for _ in range(3)] == [303, 303, 429]
