"""POST /api/auth/reauthenticate, and what asks for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from app.models import AuditEntry, Developer, Login
from app.services import clock
from tests.app.api.auth.test_routes import bearer, sign_in
from tests.factories import PASSWORD, make_developer, make_login, make_personal_token

PROFILE = "/api/web/profile"
ASKING = [(f"{PROFILE}/tokens", {"label": "x"}), (f"{PROFILE}/chat-token", None)]
ASKING += [(f"{PROFILE}/totp/setup", None)]
Ask = Callable[..., Any]


@pytest.fixture
def ada(app: object) -> Developer:
    return make_developer()


@pytest.fixture
def ask(client: FlaskClient, ada: Developer) -> Ask:
    """Sends a POST of hers, by a login that began, and was last confirmed, an hour ago."""
    headers = bearer(sign_in(client, ada.name)["accessToken"])
    hour_ago = clock.now() - timedelta(hours=1)
    db.session.execute(sa.update(Login).values(created_at=hour_ago, reauthenticated_at=hour_ago))
    db.session.commit()

    def ask(path: str, body: Any = None) -> Any:
        return client.post(path, json=body, headers=headers)

    return ask


def reauthenticate(ask: Ask, **body: Any) -> Any:
    return ask("/api/auth/reauthenticate", body)


def second_factor(client: FlaskClient, ada: Developer) -> tuple[pyotp.TOTP, list[str]]:
    headers = bearer(sign_in(client, ada.name)["accessToken"])
    setup = client.post(f"{PROFILE}/totp/setup", headers=headers).json
    totp = pyotp.TOTP(setup["secret"])
    before = clock.now() - timedelta(seconds=30)  # so that the code of now is still unused
    answer = client.post(f"{PROFILE}/totp/verify", json={"code": totp.at(before)}, headers=headers)
    return totp, answer.json["recoveryCodes"]


@pytest.mark.parametrize(("path", "body"), ASKING)
def test_what_would_outlast_a_session_wants_a_confirmation(ask: Ask, path: str, body: Any) -> None:
    refused = ask(path, body)
    assert (refused.status_code, refused.json["code"]) == (403, "reauthentication_required")
    assert reauthenticate(ask, password=PASSWORD).status_code == 200
    assert ask(path, body).status_code in (200, 201)


@pytest.mark.parametrize(("path", "body"), ASKING)
def test_who_has_just_signed_in_need_not_confirm(
    client: FlaskClient, ada: Developer, path: str, body: Any
) -> None:
    headers = bearer(sign_in(client, ada.name)["accessToken"])
    assert client.post(path, json=body, headers=headers).status_code in (200, 201)


def test_another_logins_confirmation_does_not_count(
    client: FlaskClient, ada: Developer, ask: Ask
) -> None:
    headers = bearer(sign_in(client, ada.name)["accessToken"])
    body = {"password": PASSWORD}
    assert client.post("/api/auth/reauthenticate", json=body, headers=headers).status_code == 200
    assert ask(f"{PROFILE}/tokens", {"label": "x"}).status_code == 403


def test_it_says_until_when_it_counts(ask: Ask) -> None:
    until = clock.now() + timedelta(minutes=10)
    reauthenticated_until = reauthenticate(ask, password=PASSWORD).json["reauthenticatedUntil"]
    assert (
        until.isoformat()[:16]
        <= reauthenticated_until[:16]
        <= (until + timedelta(minutes=1)).isoformat()[:16]
    )


def test_changing_the_password_and_disabling_the_second_factor_carry_their_own_proof(
    client: FlaskClient, ada: Developer, ask: Ask
) -> None:
    second_factor(client, ada)
    assert ask(f"{PROFILE}/totp/disable", {"password": PASSWORD}).status_code == 200
    passwords = {"currentPassword": PASSWORD, "newPassword": "another long password"}
    headers = bearer(tokens_of_an_hour_ago(client, ada))
    assert client.put(f"{PROFILE}/password", json=passwords, headers=headers).status_code == 200


def tokens_of_an_hour_ago(client: FlaskClient, ada: Developer) -> str:
    token = sign_in(client, ada.name)["accessToken"]
    db.session.execute(sa.update(Login).values(reauthenticated_at=None))
    db.session.commit()
    return token


@pytest.mark.parametrize("how", ["code", "recovery code", "both"])
def test_a_code_confirms_once(client: FlaskClient, ada: Developer, ask: Ask, how: str) -> None:
    totp, recovery_codes = second_factor(client, ada)
    code = recovery_codes[0] if how == "recovery code" else totp.now()
    body = {"totpCode": code} | ({"password": PASSWORD} if how == "both" else {})
    assert reauthenticate(ask, **body).status_code == 200
    again = reauthenticate(ask, totpCode=code)
    assert (again.status_code, list(again.json["errors"])) == (422, ["totpCode"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "password"),
        ({"password": None}, "password"),
        ({"password": "not the password"}, "password"),
        ({"totpCode": "123456"}, "totpCode"),
        ({"password": PASSWORD, "totpCode": "123456"}, "totpCode"),
    ],
    ids=["nothing", "null", "wrong", "no second factor", "one of two"],
)
def test_what_proves_nothing_confirms_nothing(ask: Ask, body: Any, field: str) -> None:
    refused = reauthenticate(ask, **body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])
    assert ask(f"{PROFILE}/tokens", {"label": "x"}).status_code == 403


def test_wrong_confirmations_count_for_the_session_alone(
    client: FlaskClient, ada: Developer, ask: Ask
) -> None:
    answers = [reauthenticate(ask, password="not it") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == list("432100")
    assert reauthenticate(ask, password=PASSWORD).status_code == 429
    body = {"username": ada.name, "password": PASSWORD}
    assert client.post("/api/auth/login", json=body).status_code == 200


def test_a_personal_token_confirms_nothing(client: FlaskClient, ada: Developer) -> None:
    make_login(ada)
    headers = bearer(make_personal_token(ada)[1])
    body = {"password": PASSWORD}
    assert client.post("/api/auth/reauthenticate", json=body, headers=headers).status_code == 401


def test_a_confirmation_is_told_with_account_and_address(ada: Developer, ask: Ask) -> None:
    reauthenticate(ask, password="not it")
    reauthenticate(ask, password=PASSWORD)
    failed, confirmed = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action != "login.started").order_by(AuditEntry.id)
    )
    assert (failed.action, failed.target_id, failed.actor_id) == ("login.failed", str(ada.id), None)
    assert failed.changes["after"] == {"reason": "validation_failed"}
    assert (confirmed.action, confirmed.actor_id) == ("login.reauthenticated", ada.id)
    assert confirmed.changes["after"]["by"] == "password"
    assert failed.remote_address == confirmed.remote_address == "127.0.0.1"
