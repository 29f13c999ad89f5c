"""Locking others out by wrong guesses, and guessing more often by means of what keeps that away."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db, redis
from app.models import AuditEntry, Developer, Notification
from app.server_cli.backups import after_restore
from app.services.accounts import known_devices, logins, passwords
from app.services.clock import now
from app.services.ops import identity
from tests.attacks.test_logins import WRONG, attempt, guess
from tests.factories import PASSWORD, begin_login, make_developer, make_login

HERE = {"Origin": "http://localhost"}
PER_NAME = 50


@pytest.fixture
def victim(app: Flask) -> Developer:
    return make_developer()


def guess_everywhere(name: str, times: int = 20 * 5, start: int = 0) -> int:
    """Guesses from ever other networks, five from each; how many were looked at."""
    return sum(
        guess(name, f"10.{n // 1250}.{n // 5 % 250}.{n % 5}") for n in range(start, start + times)
    )


def at_browser(
    browser: FlaskClient, name: str, password: str = PASSWORD, address: str = "203.0.113.7"
) -> Any:
    return browser.post(
        "/api/auth/browser/login",
        json={"username": name, "password": password},
        headers=HERE,
        environ_overrides={"REMOTE_ADDR": address},
    )


def sign_in(app: Flask, developer: Developer) -> FlaskClient:
    """A browser in which the developer has signed in, and out again."""
    browser = app.test_client()
    assert at_browser(browser, developer.name).status_code == 200
    assert browser.post("/api/auth/browser/logout", json={}, headers=HERE).status_code == 200
    return browser


def test_guesses_of_one_network_lock_nobody_out_elsewhere(
    client: FlaskClient, victim: Developer
) -> None:
    for number in range(20):
        attempt(client, victim.name, WRONG, f"192.0.2.{number}")
    assert attempt(client, victim.name, PASSWORD, "192.0.2.99").status_code == 429
    assert attempt(client, victim.name, PASSWORD, "198.51.100.1").status_code == 200


def test_guesses_of_one_ipv6_network_of_64_bits_or_48_are_one(
    client: FlaskClient, victim: Developer
) -> None:
    for number in range(5):
        attempt(client, victim.name, WRONG, f"2001:db8:1:{number}::1")
    assert attempt(client, victim.name, PASSWORD, "2001:db8:1:ffff::1").status_code == 429
    assert attempt(client, victim.name, PASSWORD, "2001:db8:2::1").status_code == 200


def test_beyond_the_limit_of_a_name_only_known_devices_go_on(
    app: Flask, client: FlaskClient, victim: Developer
) -> None:
    browser = sign_in(app, victim)
    assert guess_everywhere(victim.name) == PER_NAME
    assert attempt(client, victim.name, PASSWORD, "203.0.113.8").status_code == 429
    assert at_browser(app.test_client(), victim.name).status_code == 429
    assert at_browser(browser, victim.name.upper()).status_code == 200
    # Also where the guesses come from its own address.
    for _ in range(6):
        attempt(client, victim.name, WRONG, "203.0.113.7")
    assert at_browser(browser, victim.name).status_code == 200


def test_a_device_counts_for_itself_so_that_all_guesses_have_a_bound(
    app: Flask, victim: Developer
) -> None:
    browser = sign_in(app, victim)
    assert guess_everywhere(victim.name) == PER_NAME
    ips = (f"203.0.{n}.1" for n in itertools.count())
    answers = [at_browser(browser, victim.name, WRONG, next(ips)).status_code for _ in range(8)]
    assert answers == [401] * 5 + [429] * 3
    assert at_browser(browser, victim.name, PASSWORD, next(ips)).status_code == 429
    assert guess_everywhere(victim.name, start=5000) == 0


def test_logins_of_the_owner_allow_attackers_no_more_guesses(
    app: Flask, client: FlaskClient, victim: Developer
) -> None:
    browser, looked_at = sign_in(app, victim), 0
    for turn in range(6):
        looked_at += guess_everywhere(victim.name, 15, start=turn * 250)
        assert at_browser(browser, victim.name).status_code == 200
        attempt(client, victim.name, PASSWORD, "203.0.113.7")
    assert looked_at == PER_NAME


def test_refreshing_a_session_makes_no_further_device(app: Flask, victim: Developer) -> None:
    """Else who had a session for a while could guess the password as often as it is refreshed."""
    browser = app.test_client()
    at_browser(browser, victim.name)
    answers = []
    for _ in range(8):
        browser.post("/api/auth/browser/refresh", json={}, headers=HERE)
        answers.append(at_browser(browser, victim.name, WRONG).status_code)
    assert answers == [401] * 5 + [429] * 3


@pytest.mark.parametrize("whose", ["another account's", "forged", "of another server"])
def test_no_other_cookie_is_one(app: Flask, victim: Developer, whose: str) -> None:
    other = sign_in(app, make_developer())
    name = f"muster-{identity.server_id()}-device-"
    (kept,) = [each for each in other._cookies.values() if each.key.startswith(name)]
    value = kept.value
    if whose == "forged":
        value = value[:-2] + ("AA" if not value.endswith("AA") else "BB")
    elif whose == "of another server":
        mine = sign_in(app, victim)
        (kept,) = [each for each in mine._cookies.values() if each.key.startswith(name)]
        value, name = kept.value, "muster-another-device-"
    other.set_cookie(f"{name}{victim.id}", value)
    assert guess_everywhere(victim.name) == PER_NAME
    assert at_browser(other, victim.name).status_code == 429


def end_by_password(victim: Developer, browser: FlaskClient) -> None:
    token = at_browser(browser, victim.name).json["accessToken"]
    body = {"currentPassword": PASSWORD, "newPassword": PASSWORD}
    headers = {"Authorization": f"Bearer {token}"}
    assert browser.put("/api/web/profile/password", json=body, headers=headers).status_code == 200


def end_all(victim: Developer, browser: FlaskClient) -> None:
    logins.end_many(victim, but=None)


def end_one(victim: Developer, browser: FlaskClient) -> None:
    logins.end_one(victim, make_login(victim).id)


@pytest.mark.parametrize("end", [end_by_password, end_all, end_one])
def test_it_is_void_with_the_accounts_sessions(app: Flask, victim: Developer, end: Any) -> None:
    stolen, browser = sign_in(app, victim), app.test_client()
    end(victim, browser)
    guess_everywhere(victim.name)
    assert at_browser(stolen, victim.name).status_code == 429


@pytest.mark.parametrize("keep_logins", [True, False])
def test_it_is_void_at_a_server_that_was_restored(victim: Developer, keep_logins: bool) -> None:
    """The backup may be of before the account's sessions were ended."""
    proof = known_devices.create_proof(begin_login(victim).refresh_token)
    assert proof is not None
    assert known_devices.find_device(victim.name, [proof.text]) is not None
    cursor = db.session.connection().connection.cursor()
    after_restore.prepare_restored_rows(cursor, now().isoformat(), now(), keep_logins=keep_logins)
    db.session.expire_all()
    assert known_devices.find_device(victim.name, [proof.text]) is None


def test_no_script_reads_it_and_no_other_page_sends_it(app: Flask, victim: Developer) -> None:
    answer = at_browser(app.test_client(), victim.name)
    (kept,) = [line for line in answer.headers.getlist("Set-Cookie") if "-device-" in line]
    assert "HttpOnly" in kept
    assert "SameSite=Strict" in kept


def test_a_stored_login_goes_on_and_so_does_a_confirmation(
    app: Flask, client: FlaskClient, victim: Developer
) -> None:
    stored = attempt(client, victim.name, PASSWORD, "203.0.113.7").json
    guess_everywhere(victim.name)
    pair = client.post("/api/auth/refresh", json={"refreshToken": stored["refreshToken"]}).json
    headers = {"Authorization": f"Bearer {pair['accessToken']}"}
    body = {"password": PASSWORD}
    assert client.post("/api/auth/reauthenticate", json=body, headers=headers).status_code == 200


def test_confirmations_count_by_session_and_lock_no_login(
    client: FlaskClient, victim: Developer
) -> None:
    def confirm(token: str, password: str, address: str) -> int:
        answer = client.post(
            "/api/auth/reauthenticate",
            json={"password": password},
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides={"REMOTE_ADDR": address},
        )
        return int(answer.status_code)

    stolen, own = (
        attempt(client, victim.name, PASSWORD, "203.0.113.7").json["accessToken"] for _ in range(2)
    )
    answers = [confirm(stolen, WRONG, f"10.{n}.0.1") for n in range(7)]
    assert answers == [422] * 5 + [429] * 2
    assert confirm(stolen, PASSWORD, "203.0.113.7") == 429
    assert confirm(own, PASSWORD, "203.0.113.7") == 200
    assert attempt(client, victim.name, PASSWORD, "203.0.113.7").status_code == 200


def test_guesses_of_one_address_at_once_use_up_nothing_of_others(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pass the first check: what gets no answer must not count for the name."""
    developer, barrier = make_developer(), threading.Barrier(PER_NAME + 5)

    def wait(*_: Any) -> bool:
        barrier.wait(timeout=20)
        return False

    def send(_: int) -> int:
        answer = attempt(committed_app.test_client(), developer.name, WRONG, "192.0.2.1")
        return int(answer.status_code)

    monkeypatch.setattr(passwords, "matches", wait)
    with ThreadPoolExecutor(PER_NAME + 5) as pool:
        statuses = list(pool.map(send, range(PER_NAME + 5)))
    monkeypatch.undo()
    assert (statuses.count(401), statuses.count(429)) == (5, PER_NAME)
    client = committed_app.test_client()
    assert attempt(client, developer.name, PASSWORD, "198.51.100.1").status_code == 200


def test_an_operator_unlocks_the_name_and_it_is_told(
    app: Flask, client: FlaskClient, victim: Developer
) -> None:
    guess_everywhere(victim.name)
    done = app.test_cli_runner().invoke(args=["unlock", victim.name.upper()])
    assert (done.exit_code, "can sign in again" in done.output) == (0, True)
    assert attempt(client, victim.name, PASSWORD, "10.0.0.99").status_code == 200
    assert not redis.client.keys("LIMITS*login_name*")
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "login.unlocked" in actions
    unknown = app.test_cli_runner().invoke(args=["unlock", "nobody"])
    assert (unknown.exit_code, "account nobody not found" in unknown.output) == (1, True)


def test_the_owner_is_notified_once_a_day_of_each_kind(app: Flask, victim: Developer) -> None:
    guess_everywhere(victim.name)
    notifications = db.session.scalars(sa.select(Notification).order_by(Notification.id)).all()
    assert {(row.developer_id, row.type) for row in notifications} == {(victim.id, "login_limited")}
    assert len(notifications) == 2
    assert "one network (10.0.0.0/24)" in notifications[0].body
    assert "several networks" in notifications[1].body
    for key in redis.client.keys("LIMITS*") + redis.client.keys(
        "limit_reached:*"
    ):  # the window is over
        redis.client.delete(key)
    assert guess_everywhere(victim.name) == PER_NAME
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 2
