"""Guessing passwords, and guessing who there is."""

import itertools
import statistics
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.errors import InvalidCredentials, TooManyAttempts
from app.extensions import redis
from app.models import Developer
from app.services import clock
from app.services.accounts import passwords
from app.services.accounts.login_limits import LoginLimit
from tests.app.services.statements import counted
from tests.factories import PASSWORD, make_developer

WRONG = "not the password at all"
GUESSES = 10_000


def attempt(client: FlaskClient, name: str, password: str, address: str) -> Any:
    return client.post(
        "/api/auth/login",
        json={"username": name, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    )


def addresses() -> Any:
    return (f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in itertools.count(1))


def guess(name: str, address: str) -> bool:
    """A wrong guess at the limiter's door; whether it was let through to Argon2."""
    was_looked_at = False
    try:
        with LoginLimit(name, address).count_failures():
            was_looked_at = True
            raise InvalidCredentials
    except (InvalidCredentials, TooManyAttempts):
        return was_looked_at


@pytest.mark.parametrize(
    ("spread", "most", "kept"),
    [
        # The addresses of the fifty, their ten networks and the name. And what was told.
        ("one name from many addresses", 50, 50 + 10 + 1 + 1),
        # The address, and each name alone and in its network.
        ("many names from one address", 5, 1 + 5 + 5 + 1),
    ],
)
def test_of_ten_thousand_guesses_few_are_looked_at_and_next_to_nothing_is_kept(
    app: Flask, client: FlaskClient, spread: str, most: int, kept: int
) -> None:
    victim, other = make_developer(), make_developer()
    one_name = spread.startswith("one name")
    looked_at = sum(
        guess(victim.name, address) if one_name else guess(f"{victim.name}.{number}", "192.0.2.1")
        for number, address in zip(range(GUESSES // 2), addresses(), strict=False)
    )
    assert looked_at == most
    keys = redis.client.keys("LIMITS*")
    assert len(keys) == kept
    assert all(redis.client.llen(key) <= 51 for key in keys)
    assert all(0 < redis.client.ttl(key) <= 15 * 60 for key in keys)
    assert attempt(client, other.name, PASSWORD, "203.0.113.5").status_code == 200
    blocked = ("203.0.113.6", victim.name) if one_name else ("192.0.2.1", other.name)
    assert attempt(client, blocked[1], PASSWORD, blocked[0]).status_code == 429


def test_who_has_to_wait_costs_no_hash(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = make_developer().name
    for _ in range(5):
        attempt(client, name, WRONG, "192.0.2.1")

    def hash_(*_: Any) -> bool:
        raise AssertionError("a hash was computed")

    monkeypatch.setattr(passwords, "matches", hash_)
    for password in (WRONG, PASSWORD):
        assert attempt(client, name, password, "192.0.2.2").status_code == 429, "its network"
        assert attempt(client, "another", password, "192.0.2.1").status_code == 429


Guesses = dict[str, tuple[str, str]]


@pytest.fixture
def guesses(app: Flask) -> Guesses:
    """A name and a password of each kind that is refused."""
    gone: list[Developer] = [make_developer(), make_developer()]
    for developer in gone:
        developer.disabled_at = clock.now()
    return {
        "unknown": ("nobody", WRONG),
        "known": (make_developer().name, WRONG),
        "disabled": (gone[0].name, WRONG),
        "disabled, the right password": (gone[1].name, PASSWORD),
    }


def test_a_refusal_is_the_same_work_whoever_it_is(
    app: Flask, client: FlaskClient, guesses: Guesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []
    matches = passwords.matches

    def noted(known: str, password: str) -> bool:
        hashes.append(known.rpartition("$")[0].rpartition("$")[0])  # the parameters
        return matches(known, password)

    monkeypatch.setattr(passwords, "matches", noted)
    seen = {}
    for (kind, (name, password)), address in zip(guesses.items(), addresses(), strict=False):
        hashes.clear()
        with counted() as sent:
            answer = attempt(client, name, password, address)
        headers = {key: text for key, text in answer.headers if key != "X-Request-ID"}
        del headers["RateLimit-Reset"]
        work = [line for line in sent if "SAVEPOINT" not in line]  # those are the fixture's
        seen[kind] = (answer.status_code, answer.text, headers, work, list(hashes))
    assert seen["unknown"][3:] != ([], [])
    assert all(each == seen["unknown"] for each in seen.values()), seen


def test_a_refusal_takes_the_same_time_whoever_it_is(
    app: Flask, client: FlaskClient, guesses: Guesses
) -> None:
    """Medians of processor time, taken in turns, so that what else runs here says nothing."""
    taken: dict[str, list[float]] = {kind: [] for kind in guesses}
    fresh = addresses()
    for _ in range(9):
        redis.client.flushdb()
        for kind, (name, password) in guesses.items():
            began = time.process_time()
            assert attempt(client, name, password, next(fresh)).status_code == 401
            taken[kind].append(time.process_time() - began)
    medians = [statistics.median(times) for times in taken.values()]
    assert max(medians) < 1.5 * min(medians)
