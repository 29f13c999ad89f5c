"""Devices log in by a code (RFC 8628)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.login import LoginVia
from app.extensions import db, redis
from app.models import AuditEntry, Developer, Login
from app.services import clock
from app.services.accounts import device_logins, tokens
from tests.factories import begin_login, make_developer, make_personal_token

Headers = dict[str, str]


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def headers(ada: Developer) -> Headers:
    return {"Authorization": f"Bearer {begin_login(ada).access_token}"}


def ask(client: FlaskClient, name: str = "muster on builder-1") -> dict[str, Any]:
    answer = client.post("/api/auth/device", json={"clientName": name})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def redeem(client: FlaskClient, codes: dict[str, Any]) -> Any:
    return client.post("/api/auth/device/token", json={"deviceCode": codes["deviceCode"]})


def wait(codes: dict[str, Any]) -> None:
    """As if the interval were over."""
    for key in redis.client.keys("device:*:polled"):
        redis.client.delete(key)


def path_of(codes: dict[str, Any], act: str = "") -> str:
    return f"/api/web/device/{codes['userCode']}{act}"


def refused(answer: Any) -> str:
    assert answer.status_code == 400, answer.text
    code: str = answer.json["code"]
    return code


def test_a_device_that_somebody_lets_in_is_signed_in_once(
    client: FlaskClient, headers: Headers, ada: Developer
) -> None:
    codes = ask(client)
    assert codes["verificationUri"] == "http://localhost/device"
    assert codes["verificationUriComplete"].endswith(f"/device?code={codes['userCode']}")
    assert (codes["expiresIn"], codes["interval"]) == (600, 5)
    assert refused(redeem(client, codes)) == "authorization_pending"
    device = client.get(path_of(codes), headers=headers).json
    assert (device["clientName"], device["address"]) == ("muster on builder-1", "127.0.0.1")
    assert client.post(path_of(codes, "/approve"), headers=headers).status_code == 200
    wait(codes)
    pair = redeem(client, codes).json
    mine = client.get(
        "/api/web/profile", headers={"Authorization": f"Bearer {pair['accessToken']}"}
    )
    assert mine.json["name"] == "ada"
    assert refused(redeem(client, codes)) == "expired_token"
    login = db.session.get_one(Login, tokens.access_claims(pair["accessToken"]).login)
    assert (login.via, login.client, login.reauthenticated_at) == (
        LoginVia.DEVICE,
        "muster on builder-1",
        None,
    )
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "device.approved" in actions


def test_a_device_that_is_denied_is_told(client: FlaskClient, headers: Headers) -> None:
    codes = ask(client)
    assert client.post(path_of(codes, "/deny"), headers=headers).status_code == 200
    assert refused(redeem(client, codes)) == "access_denied"
    wait(codes)
    assert refused(redeem(client, codes)) == "expired_token"


def test_a_code_is_answered_once(client: FlaskClient, headers: Headers) -> None:
    codes = ask(client)
    assert client.post(path_of(codes, "/deny"), headers=headers).status_code == 200
    assert client.post(path_of(codes, "/approve"), headers=headers).status_code == 404
    assert client.get(path_of(codes), headers=headers).status_code == 404


def test_who_asks_too_early_has_to_wait_longer_from_then_on(client: FlaskClient) -> None:
    codes = ask(client)
    assert refused(redeem(client, codes)) == "authorization_pending"
    assert refused(redeem(client, codes)) == "slow_down"
    (key,) = redis.client.keys("device:*:polled")
    assert 5_000 < redis.client.pttl(key) <= 10_000


def test_the_code_may_be_typed_as_one_likes(client: FlaskClient, headers: Headers) -> None:
    codes = ask(client)
    typed = codes["userCode"].lower().replace("-", " ")
    assert client.get(f"/api/web/device/{typed}", headers=headers).status_code == 200


@pytest.mark.parametrize("act", ["", "/approve", "/deny"])
@pytest.mark.parametrize("code", ["BCDF-GHJK", "AEIO-UAEI", "x", "%2e%2e"])
def test_a_code_of_no_device_is_not_there(
    client: FlaskClient, headers: Headers, code: str, act: str
) -> None:
    method = "POST" if act else "GET"
    answer = client.open(f"/api/web/device/{code}{act}", method=method, headers=headers)
    assert answer.status_code == 404


def test_letting_a_device_in_wants_somebody_who_is_there(
    client: FlaskClient, headers: Headers, ada: Developer
) -> None:
    codes = ask(client)
    db.session.execute(
        sa.update(Login).values(reauthenticated_at=clock.now() - timedelta(minutes=11))
    )
    answer = client.post(path_of(codes, "/approve"), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert refused(redeem(client, codes)) == "authorization_pending"


def test_a_personal_token_lets_no_device_in(client: FlaskClient, ada: Developer) -> None:
    codes = ask(client)
    bearer = {"Authorization": f"Bearer {make_personal_token(ada)[1]}"}
    assert client.post(path_of(codes, "/approve"), headers=bearer).status_code == 401


@pytest.mark.parametrize("what", ["disabled", "signed out of all"])
def test_a_device_is_not_let_in_by_who_has_been_put_out_since(
    client: FlaskClient, headers: Headers, ada: Developer, what: str
) -> None:
    codes = ask(client)
    client.post(path_of(codes, "/approve"), headers=headers)
    if what == "disabled":
        ada.disabled_at = clock.now()
    ada.token_generation += 1
    assert refused(redeem(client, codes)) == "access_denied"


def test_looking_codes_up_is_bounded(client: FlaskClient, headers: Headers) -> None:
    codes = [
        client.get("/api/web/device/BCDF-GHJK", headers=headers).status_code for _ in range(31)
    ]
    assert codes == [404] * 30 + [429]


def test_asking_is_bounded_for_an_address(client: FlaskClient) -> None:
    answers = [client.post("/api/auth/device", json={"clientName": "x"}) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_no_code_lies_in_redis_as_it_is(client: FlaskClient) -> None:
    codes = ask(client)
    keys = b" ".join(redis.client.keys("*")).decode()
    assert "device" in keys
    for code in (codes["userCode"], codes["deviceCode"]):
        assert code not in keys


def test_what_has_expired_is_gone(client: FlaskClient, headers: Headers) -> None:
    codes = ask(client)
    keys = redis.client.keys("device*")
    assert all(0 < redis.client.ttl(key) <= 600 for key in keys)
    redis.client.delete(*keys)  # as its time does
    assert refused(redeem(client, codes)) == "expired_token"
    assert client.post(path_of(codes, "/approve"), headers=headers).status_code == 404
    assert redis.client.keys("device:*") == []


def test_of_many_who_come_with_the_code_one_is_signed_in(committed_app: Flask) -> None:
    developer = make_developer()
    codes = device_logins.request_codes("x", "192.0.2.1")
    login_id = tokens.access_claims(begin_login(developer).access_token).login
    device_logins.approve(developer, login_id, codes.user_code)

    def come(_: int) -> bool:
        with committed_app.app_context():
            try:
                device_logins.redeem(codes.device_code, "192.0.2.1")
            except Exception:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(come, range(6))) == 1
