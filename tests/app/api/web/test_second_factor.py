"""/api/web/profile/totp, and logins that ask for a code."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Developer, RecoveryCode, SecondFactor
from app.services import clock, encryption
from app.services.accounts import auth
from app.services.accounts.logins import TokenPair
from tests.app.services.accounts.test_auth_sessions import Clock, at_once
from tests.factories import PASSWORD, make_developer, make_personal_token

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/web/profile/totp"


@pytest.fixture
def time_(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """At the beginning of a step."""
    moment = clock.now()
    hand = Clock(datetime.fromtimestamp(moment.timestamp() // 30 * 30, moment.tzinfo))
    monkeypatch.setattr(clock, "now", hand.now)
    return hand


def sign_in(client: FlaskClient, developer: Developer, code: str | None = None) -> Any:
    body = {"username": developer.name, "password": PASSWORD}
    return client.post("/api/auth/login", json=body | ({"totpCode": code} if code else {}))


class Device:
    """What shows the codes."""

    def __init__(self, secret: str, time_: Clock) -> None:
        self.totp, self.time = pyotp.TOTP(secret), time_

    def code(self, **later: float) -> str:
        return self.totp.at(self.time.now() + timedelta(**later))


def enable(client: FlaskClient, headers: dict[str, str], time_: Clock) -> tuple[Device, list[str]]:
    """A device, a minute after it was verified, and the recovery codes."""
    setup = client.post(f"{PATH}/setup", headers=headers)
    assert setup.status_code == 200
    device = Device(setup.json["secret"], time_)
    verified = client.post(f"{PATH}/verify", json={"code": device.code()}, headers=headers)
    assert verified.status_code == 200
    time_.pass_(minutes=1)
    return device, verified.json["recoveryCodes"]


def test_setting_up_gives_the_secret_in_three_forms(client: FlaskClient, login: Login) -> None:
    developer = make_developer()
    setup = client.post(f"{PATH}/setup", headers=login(developer)).json
    assert set(setup) == {"secret", "uri", "qrCode"}
    assert len(base64.b32decode(setup["secret"])) >= 20
    assert setup["uri"].startswith(f"otpauth://totp/Muster:{developer.name}?")
    assert f"secret={setup['secret']}" in setup["uri"]
    assert setup["qrCode"].startswith("data:image/svg+xml")


def test_nothing_is_asked_for_before_a_code_was_verified(
    client: FlaskClient, login: Login, time_: Clock
) -> None:
    developer = make_developer()
    headers = login(developer)
    early = client.post(f"{PATH}/verify", json={"code": "123456"}, headers=headers)
    assert (early.status_code, early.json["code"]) == (409, "totp_not_set_up")
    first = client.post(f"{PATH}/setup", headers=headers).json["secret"]
    second = client.post(f"{PATH}/setup", headers=headers).json["secret"]
    assert sign_in(client, developer).status_code == 200
    old = Device(first, time_).code()
    wrong = client.post(f"{PATH}/verify", json={"code": old}, headers=headers)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["code"])
    assert client.get("/api/web/profile", headers=headers).json["totpEnabled"] is False
    right = Device(second, time_).code()
    verified = client.post(f"{PATH}/verify", json={"code": right}, headers=headers).json
    assert verified["enabled"] is True
    assert len(set(verified["recoveryCodes"])) == 10
    assert client.get("/api/web/profile", headers=headers).json["totpEnabled"] is True
    assert sign_in(client, developer).json["code"] == "totp_required"


def test_an_enabled_factor_is_not_replaced(client: FlaskClient, login: Login, time_: Clock) -> None:
    headers = login(make_developer())
    device, _ = enable(client, headers, time_)
    again = client.post(f"{PATH}/setup", headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "totp_enabled")
    body = {"code": device.code()}
    assert client.post(f"{PATH}/verify", json=body, headers=headers).status_code == 409


def test_secret_and_recovery_codes_are_not_stored_in_clear(
    client: FlaskClient, login: Login, time_: Clock
) -> None:
    device, codes = enable(client, login(make_developer()), time_)
    stored = db.session.scalars(sa.select(SecondFactor.secret)).one()
    assert device.totp.secret not in stored
    assert encryption.decrypt(stored) == device.totp.secret
    digests = set(db.session.scalars(sa.select(RecoveryCode.digest)))
    assert len(digests) == 10
    assert not digests & set(codes)


def test_a_code_works_once(client: FlaskClient, login: Login, time_: Clock) -> None:
    developer = make_developer()
    device, _ = enable(client, login(developer), time_)
    code = device.code()
    assert sign_in(client, developer, code).status_code == 200
    replayed = sign_in(client, developer, code)
    assert (replayed.status_code, replayed.json["code"]) == (401, "totp_invalid")
    earlier = device.code(seconds=-30)
    assert sign_in(client, developer, earlier).status_code == 401
    time_.pass_(seconds=30)
    assert sign_in(client, developer, device.code()).status_code == 200


def test_the_code_that_verified_is_spent(client: FlaskClient, login: Login, time_: Clock) -> None:
    developer = make_developer()
    device, _ = enable(client, login(developer), time_)
    time_.pass_(minutes=-1)
    assert sign_in(client, developer, device.code()).json["code"] == "totp_invalid"


@pytest.mark.parametrize(
    ("seconds", "status"), [(-60, 401), (-30, 200), (0, 200), (30, 200), (60, 401)]
)
def test_one_step_of_drift_is_allowed(
    client: FlaskClient, login: Login, time_: Clock, seconds: int, status: int
) -> None:
    developer = make_developer()
    device, _ = enable(client, login(developer), time_)
    time_.pass_(minutes=5)
    assert sign_in(client, developer, device.code(seconds=seconds)).status_code == status


@pytest.mark.parametrize("code", ["000000x", "\uff11" * 6, "-", "aaaa-aaaa-aaaa-aaaa"])
def test_what_is_no_code_is_refused(
    client: FlaskClient, login: Login, time_: Clock, code: str
) -> None:
    developer = make_developer()
    enable(client, login(developer), time_)
    assert sign_in(client, developer, code).json["code"] == "totp_invalid"


def test_a_wrong_password_is_not_told_of_the_second_factor(
    client: FlaskClient, login: Login, time_: Clock
) -> None:
    developer = make_developer()
    device, _ = enable(client, login(developer), time_)
    body = {"username": developer.name, "password": "wrong", "totpCode": device.code()}
    assert client.post("/api/auth/login", json=body).json["code"] == "invalid_credentials"
    assert sign_in(client, developer, device.code()).status_code == 200


def test_a_recovery_code_works_once_and_only_for_its_owner(
    client: FlaskClient, login: Login, time_: Clock
) -> None:
    developer, other = make_developer(), make_developer()
    _, codes = enable(client, login(developer), time_)
    enable(client, login(other), time_)
    assert sign_in(client, other, codes[0]).status_code == 401
    assert sign_in(client, developer, codes[0]).status_code == 200
    assert sign_in(client, developer, codes[0]).json["code"] == "totp_invalid"
    plain = codes[1].replace("-", " ").upper()
    assert sign_in(client, developer, plain).status_code == 200


def test_without_the_key_the_recovery_codes_still_work(
    app: Flask, client: FlaskClient, login: Login, time_: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    developer = make_developer()
    device, codes = enable(client, login(developer), time_)
    other = base64.urlsafe_b64encode(b"another key of thirty-two bytes!").decode()
    monkeypatch.setitem(app.config, "ENCRYPTION_KEYS", [other])
    assert sign_in(client, developer, device.code()).json["code"] == "totp_invalid"
    assert sign_in(client, developer, codes[0]).status_code == 200


def test_disabling_takes_the_password(client: FlaskClient, login: Login, time_: Clock) -> None:
    developer = make_developer()
    headers = login(developer)
    enable(client, headers, time_)
    wrong = client.post(f"{PATH}/disable", json={"password": "wrong"}, headers=headers)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["password"])
    assert sign_in(client, developer).json["code"] == "totp_required"
    right = client.post(f"{PATH}/disable", json={"password": PASSWORD}, headers=headers)
    assert (right.status_code, right.json) == (200, {})
    assert sign_in(client, developer).status_code == 200
    assert db.session.scalars(sa.select(RecoveryCode)).all() == []


@pytest.mark.parametrize("act", ["setup", "verify", "disable"])
def test_a_personal_token_does_not_touch_the_second_factor(client: FlaskClient, act: str) -> None:
    _, secret = make_personal_token(make_developer())
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.post(f"{PATH}/{act}", json={}, headers=headers).status_code == 401


@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_of_simultaneous_logins_with_one_code_one_wins(
    committed_app: Flask, login: Login, time_: Clock, kind: str
) -> None:
    developer = make_developer()
    device, codes = enable(committed_app.test_client(), login(developer), time_)
    code = device.code() if kind == "code" else codes[0]
    results = at_once(committed_app, 4, lambda _: auth.login(developer.name, PASSWORD, code))
    assert sum(isinstance(result, TokenPair) for result in results) == 1
