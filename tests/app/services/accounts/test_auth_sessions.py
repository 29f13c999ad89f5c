"""Logins and refresh tokens: rotation, the overlap, reuse, and races for one token."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_jwt_extended import create_access_token

from app.domain.errors import InvalidCredentials, InvalidToken
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, RefreshToken
from app.services import clock
from app.services.accounts import auth, developers, passwords, tokens
from app.services.accounts.logins import TokenPair
from tests.factories import PASSWORD, access_token_of, make_developer, make_machine


class Clock:
    """Time that a test moves."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def pass_(self, **time: float) -> None:
        self.moment += timedelta(**time)


@pytest.fixture
def time_(monkeypatch: pytest.MonkeyPatch) -> Clock:
    hand = Clock(clock.now())
    monkeypatch.setattr(clock, "now", hand.now)
    return hand


def login(developer: Developer) -> TokenPair:
    return auth.login(developer.name, PASSWORD)


def test_an_access_token_leads_to_its_developer(app: Flask) -> None:
    developer = make_developer()
    assert auth.developer_of(login(developer).access_token) is developer


@pytest.mark.parametrize("token", ["", "a.b.c", "mst_pat_00", "é", "\0"])
def test_what_is_no_access_token_leads_nowhere(app: Flask, token: str) -> None:
    with pytest.raises(InvalidToken):
        auth.developer_of(token)


@pytest.mark.parametrize("claims", [{}, {"gen": 1}, {"typ": "worker", "gen": 1}, {"typ": "access"}])
def test_a_jwt_of_our_key_that_is_no_access_token_leads_nowhere(
    app: Flask, claims: dict[str, Any]
) -> None:
    identity = str(make_developer().id)
    with pytest.raises(InvalidToken):
        auth.developer_of(create_access_token(identity=identity, additional_claims=claims))


@pytest.mark.parametrize("claims", [{}, {"typ": "access", "ver": 1}, {"typ": "worker"}])
def test_a_jwt_of_the_workers_key_that_is_no_worker_jwt_is_refused(
    app: Flask, claims: dict[str, Any]
) -> None:
    machine = make_machine()
    claims = {"sub": str(machine.id), "exp": clock.now() + timedelta(hours=1), **claims}
    with pytest.raises(InvalidToken):
        tokens.machine_of(jwt.encode(claims, app.config["WORKER_JWT_SECRET_KEY"]))


def test_a_jwt_expires(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "JWT_ACCESS_TOKEN_EXPIRES", timedelta(seconds=-1))
    monkeypatch.setitem(app.config, "WORKER_JWT_SECONDS", -1)
    with pytest.raises(InvalidToken):
        auth.developer_of(access_token_of(make_developer()))
    with pytest.raises(InvalidToken):
        tokens.machine_of(tokens.worker_jwt(make_machine())[0])


def test_a_refresh_token_is_exchanged_again_and_again(app: Flask) -> None:
    pair = login(make_developer())
    for _ in range(3):
        pair = auth.refresh(pair.refresh_token)
    families = db.session.scalars(sa.select(RefreshToken.family)).all()
    assert len(families) == 4
    assert len(set(families)) == 1


def test_only_a_digest_is_stored(app: Flask) -> None:
    pair = login(make_developer())
    row = db.session.scalars(sa.select(RefreshToken)).one()
    assert pair.refresh_token not in vars(row).values()
    assert len(row.digest) == 64


def test_an_answer_that_was_lost_can_be_asked_for_again(app: Flask, time_: Clock) -> None:
    first = login(make_developer())
    auth.refresh(first.refresh_token)
    time_.pass_(seconds=10)
    again = auth.refresh(first.refresh_token)
    auth.refresh(again.refresh_token)


def test_asking_again_does_not_lengthen_the_overlap(app: Flask, time_: Clock) -> None:
    first = login(make_developer())
    auth.refresh(first.refresh_token)
    time_.pass_(seconds=9)
    auth.refresh(first.refresh_token)
    time_.pass_(seconds=2)
    with pytest.raises(InvalidToken):
        auth.refresh(first.refresh_token)


def test_a_copied_token_ends_its_whole_family_and_no_other(app: Flask, time_: Clock) -> None:
    developer = make_developer()
    stolen, elsewhere = login(developer), login(developer)
    current = auth.refresh(stolen.refresh_token)
    time_.pass_(seconds=11)
    for dead in (stolen, current, stolen):
        with pytest.raises(InvalidToken):
            auth.refresh(dead.refresh_token)
    auth.refresh(elsewhere.refresh_token)


def test_a_refresh_token_expires(app: Flask, time_: Clock) -> None:
    pair = login(make_developer())
    time_.pass_(days=7)
    with pytest.raises(InvalidToken):
        auth.refresh(pair.refresh_token)


def test_an_unknown_token_or_one_of_another_kind_is_refused(app: Flask) -> None:
    for token in (
        tokens.generate(TokenKind.REFRESH),
        tokens.generate(TokenKind.PERSONAL),
        "",
        "mst_refresh_",
    ):
        with pytest.raises(InvalidToken):
            auth.refresh(token)


def test_logging_out_ends_the_login_also_with_an_older_token_of_it(app: Flask) -> None:
    developer = make_developer()
    first = login(developer)
    second = auth.refresh(first.refresh_token)
    auth.logout(developer, first.refresh_token)
    with pytest.raises(InvalidToken):
        auth.refresh(second.refresh_token)


def test_a_hash_of_older_parameters_is_made_anew(app: Flask) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    developer = make_developer(password_hash=weak.hash(PASSWORD))
    login(developer)
    assert not passwords.is_outdated(developer.password_hash)
    login(developer)


def test_an_unknown_name_takes_as_long_as_a_known_one(app: Flask) -> None:
    developer = make_developer()

    def seconds(name: str) -> float:
        began = time.process_time()
        with pytest.raises(InvalidCredentials):
            auth.login(name, "not the password")
        return time.process_time() - began

    pairs = [(seconds(developer.name), seconds("nobody")) for _ in range(7)]
    known, unknown = (statistics.median(column) for column in zip(*pairs, strict=True))
    assert 0.6 < unknown / known < 1.6


def test_what_nobody_is_compared_with_costs_what_a_hash_of_today_costs() -> None:
    assert not passwords.is_outdated(passwords.UNUSABLE_HASH)
    assert not passwords.matches(passwords.UNUSABLE_HASH, "")


def at_once(app: Flask, count: int, act: Any) -> list[Any]:
    """What `act` returned or raised, of as many threads that began together."""
    barrier = threading.Barrier(count)

    def run(index: int) -> Any:
        with app.app_context():
            barrier.wait(timeout=10)
            try:
                return act(index)
            except Exception as error:
                return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_several_tabs_may_refresh_one_token_at_once(committed_app: Flask) -> None:
    pair = login(make_developer())
    results = at_once(committed_app, 4, lambda _: auth.refresh(pair.refresh_token))
    assert [type(result) for result in results] == [TokenPair] * 4
    for result in results:
        auth.refresh(result.refresh_token)


def test_no_token_survives_a_logout_that_races_with_a_refresh(committed_app: Flask) -> None:
    developer = make_developer()
    for _ in range(10):
        pair = login(developer)

        def act(index: int, token: str = pair.refresh_token) -> Any:
            if index:
                return auth.logout(db.session.get_one(Developer, developer.id), token)
            return auth.refresh(token)

        refreshed, _logged_out = at_once(committed_app, 2, act)
        tokens_left = [refreshed.refresh_token] if isinstance(refreshed, TokenPair) else []
        for token in [pair.refresh_token, *tokens_left]:
            with pytest.raises(InvalidToken):
                auth.refresh(token)


def test_one_of_two_accounts_with_one_name_wins(committed_app: Flask) -> None:
    results = at_once(
        committed_app,
        3,
        lambda index: developers.create_admin(("Admin", "admin", "ADMIN")[index], PASSWORD),
    )
    assert sum(isinstance(result, Developer) for result in results) == 1
    assert results.count(None) == 2
