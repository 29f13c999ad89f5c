"""How often one may guess a password."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_client
from flask import Flask
from flask.testing import FlaskClient

from app.domain.errors import TotpInvalid, TotpRequired
from app.extensions import redis
from app.services.accounts import auth, second_factor
from app.services.accounts.login_limits import WINDOW_MINUTES
from tests.factories import PASSWORD, make_developer

WRONG = "not the password"
SECONDS = WINDOW_MINUTES * 60


def attempt(
    client: FlaskClient,
    name: str,
    password: str = WRONG,
    *,
    address: str = "192.0.2.1",
    **more: Any,
) -> Any:
    return client.post(
        "/api/auth/login",
        json={"username": name, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
        **more,
    )


def fail(client: FlaskClient, name: str, count: int, *, address: str | None = None) -> list[int]:
    """Each from an address of its own, unless it is given."""
    return [
        attempt(client, name, address=address or f"198.51.100.{number}").status_code
        for number in range(count)
    ]


@pytest.mark.parametrize("known", [True, False], ids=["known name", "unknown name"])
def test_after_five_failures_a_name_has_to_wait_in_that_network(
    client: FlaskClient, known: bool
) -> None:
    name = make_developer().name if known else "nobody"
    assert fail(client, name, 6) == [401] * 5 + [429]
    answer = attempt(client, name.upper(), PASSWORD, address="198.51.100.99")
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_attempts")
    assert SECONDS - 60 < int(answer.headers["Retry-After"]) <= SECONDS
    elsewhere = attempt(client, name, PASSWORD, address="198.51.101.99")
    assert elsewhere.status_code == (200 if known else 401)
    other = attempt(client, make_developer().name, PASSWORD, address="198.51.100.99")
    assert other.status_code == 200


def test_after_five_failures_an_address_has_to_wait(client: FlaskClient) -> None:
    developer = make_developer()
    for number in range(5):
        assert attempt(client, f"nobody{number}").status_code == 401
    assert attempt(client, developer.name, PASSWORD).status_code == 429
    assert attempt(client, developer.name, PASSWORD, address="192.0.2.2").status_code == 200


def test_a_success_resets_the_name_in_its_network_but_not_the_address(client: FlaskClient) -> None:
    developer, other = make_developer(), make_developer()
    assert fail(client, developer.name, 4) == [401] * 4
    near = attempt(client, developer.name, PASSWORD, address="198.51.100.8")
    assert near.status_code == 200
    assert fail(client, developer.name, 4) == [401] * 4
    elsewhere = attempt(client, developer.name, PASSWORD, address="192.0.2.1")
    assert elsewhere.status_code == 200
    assert fail(client, developer.name, 1, address="198.51.100.8") == [401]
    near = attempt(client, developer.name, PASSWORD, address="198.51.100.9")
    assert near.status_code == 429
    address = "203.0.113.9"
    for number in range(5):
        assert attempt(client, other.name, PASSWORD, address=address).status_code == 200
        assert attempt(client, f"nobody{number}", address=address).status_code == 401
    assert attempt(client, other.name, PASSWORD, address=address).status_code == 429


def test_every_answer_says_where_one_stands(client: FlaskClient) -> None:
    developer = make_developer()
    answers = [attempt(client, developer.name) for _ in range(6)]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["5"] * 6
    remaining = [answer.headers["RateLimit-Remaining"] for answer in answers]
    assert remaining == ["4", "3", "2", "1", "0", "0"]
    resets = [int(answer.headers["RateLimit-Reset"]) for answer in answers]
    assert all(SECONDS - 60 < reset <= SECONDS for reset in resets)
    good = attempt(client, developer.name, PASSWORD, address="192.0.2.77")
    assert good.status_code == 429
    assert good.headers["RateLimit-Limit"] == "5"
    fresh = attempt(client, make_developer().name, PASSWORD, address="192.0.2.78")
    assert (fresh.status_code, fresh.headers["RateLimit-Remaining"]) == (200, "5")


def test_failures_are_forgotten_one_by_one_as_they_age(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    developer = make_developer()
    assert fail(client, developer.name, 5) == [401] * 5
    (key,) = redis.client.keys("LIMITS*login_network*")
    entries = [float(entry) for entry in redis.client.lrange(key, 0, -1)]
    redis.client.delete(key)
    oldest_gone = [*entries[:-1], min(entries) - SECONDS - 1]
    redis.client.rpush(key, *map(str, oldest_gone))
    assert fail(client, developer.name, 2) == [401, 429]


def test_an_ipv6_client_is_its_network(client: FlaskClient) -> None:
    for number in range(5):
        assert attempt(client, f"nobody{number}", address=f"2001:db8::{number}").status_code == 401
    assert attempt(client, "nobody6", address="2001:db8::ffff:1").status_code == 429
    assert attempt(client, "nobody6", address="2001:db8:0:1::1").status_code == 401


@pytest.mark.parametrize(
    ("proxies", "last"), [(["192.0.2.1"], 401), (["*"], 401), ([""], 429), (["192.0.2.9"], 429)]
)
def test_only_our_own_proxy_is_trusted(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    proxies: list[str],
    last: int,
) -> None:
    monkeypatch.setitem(app.config, "PROXIES", proxies)
    for number in range(6):
        headers = {"X-Forwarded-For": f"10.0.0.1, 198.51.100.{number}"}
        answer = attempt(client, f"nobody{number}", headers=headers)
    assert answer.status_code == last


def test_a_client_behind_a_proxy_cannot_choose_its_address(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROXIES", ["192.0.2.1"])
    for number in range(6):
        headers = {"X-Forwarded-For": f"10.0.0.{number}, 198.51.100.7"}
        answer = attempt(client, f"nobody{number}", headers=headers)
    assert answer.status_code == 429


def test_without_redis_a_login_is_503(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    developer = make_developer()
    nowhere = redis_client.ConnectionPool.from_url("redis://127.0.0.1:1/0")
    storage = redis.limiter.storage
    monkeypatch.setattr(storage.get_connection(), "connection_pool", nowhere)
    for script in ("lua_moving_window", "lua_acquire_moving_window"):
        client_of_script = getattr(storage, script).registered_client
        monkeypatch.setattr(client_of_script, "connection_pool", nowhere)
    answer = attempt(client, developer.name, PASSWORD)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "accessToken" not in answer.json


def test_guesses_that_come_at_once_get_no_more_answers(committed_app: Flask) -> None:
    name = make_developer().name
    barrier = threading.Barrier(10)

    def guess(number: int) -> int:
        barrier.wait(timeout=10)
        client = committed_app.test_client()
        return attempt(client, name, address=f"198.51.100.{number}").status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(guess, range(10)))
    assert sorted(statuses) == [401] * 5 + [429] * 5


def test_a_right_guess_that_comes_too_late_gets_no_token(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others fail while it is being looked at."""
    developer = make_developer()
    login = auth.login

    def overtaken(name: str, password: str, code: str | None, **how: str) -> Any:
        if password == PASSWORD:
            assert fail(client, name, 5) == [401] * 5
        return login(name, password, code, **how)

    monkeypatch.setattr(auth, "login", overtaken)
    near = attempt(client, developer.name, PASSWORD, address="198.51.100.77")
    assert near.status_code == 429


@pytest.mark.parametrize(("error", "last"), [(TotpInvalid, 429), (TotpRequired, 401)])
def test_a_wrong_code_is_a_failure_and_a_missing_one_is_not(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: type[Exception], last: int
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(second_factor, "require_code", refuse)
    developer = make_developer()
    statuses = [attempt(client, developer.name, PASSWORD).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [last]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "password", {"newPassword": "another long password", "currentPassword": WRONG}),
        ("POST", "totp/disable", {"password": WRONG}),
    ],
    ids=["change of the password", "end of the second factor"],
)
def test_who_is_signed_in_guesses_the_password_no_more_often(
    client: FlaskClient, method: str, path: str, body: dict[str, str]
) -> None:
    """A stolen session must not reveal the password."""
    developer = make_developer()
    token = attempt(client, developer.name, PASSWORD).json["accessToken"]

    def ask(**changes: str) -> Any:
        return client.open(
            f"/api/web/profile/{path}",
            method=method,
            json=body | changes,
            headers={"Authorization": f"Bearer {token}"},
        )

    answers = [ask() for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == list("432100")
    [field] = [name for name in body if body[name] == WRONG]
    last = ask(**{field: PASSWORD})
    assert (last.status_code, last.json["code"]) == (429, "too_many_attempts")
    assert SECONDS - 60 < int(last.headers["Retry-After"]) <= SECONDS
    assert attempt(client, developer.name, PASSWORD).status_code == 200, "logins are left alone"
