"""Logins as rows: seen once a minute, ended for good, confirmed for a while."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.errors import InvalidToken, ReauthenticationRequired
from app.domain.login import LoginVia
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Login
from app.services import clock
from app.services.accounts import account_admin, auth, developers, logins, tokens
from tests.app.services.accounts.test_auth_sessions import Clock, time_
from tests.app.services.statements import counted
from tests.factories import PASSWORD, begin_login, make_developer, make_login

__all__ = ["time_"]


def only() -> Login:
    db.session.expire_all()
    return db.session.scalars(sa.select(Login)).one()


def live(developer: Developer) -> set[uuid.UUID]:
    rows = db.session.scalars(logins.list_active(developer, clock.now()))
    return {login.id for login in rows}


def test_a_login_says_how_and_from_where_it_began(app: Flask, time_: Clock) -> None:
    developer = make_developer()
    auth.login(developer.name, PASSWORD, client="Firefox on Linux", address="192.0.2.7")
    login = only()
    assert (login.via, login.client, login.address) == ("password", "Firefox on Linux", "192.0.2.7")
    began = (login.created_at, login.last_seen_at, login.reauthenticated_at)
    assert began == (time_.moment,) * 3
    assert login.expires_at == time_.moment + timedelta(days=7)


def test_an_address_has_an_end(app: Flask) -> None:
    auth.login(make_developer().name, PASSWORD, address="1" * 10_000)
    assert len(only().address or "") == 100


def test_it_is_seen_once_a_minute_and_not_with_each_request(app: Flask, time_: Clock) -> None:
    token, began = auth.login(make_developer().name, PASSWORD).access_token, time_.moment
    time_.pass_(seconds=59)
    with counted() as sent:
        auth.developer_of(token, "192.0.2.8")
    assert len([statement for statement in sent if "SAVEPOINT" not in statement]) == 1
    assert only().last_seen_at == began
    time_.pass_(seconds=1)
    for address in ("192.0.2.9", "192.0.2.10", ""):
        auth.developer_of(token, address)
    assert (only().last_seen_at, only().address) == (time_.moment, "192.0.2.9")


def test_a_refresh_is_a_sign_of_life_and_moves_the_end(app: Flask, time_: Clock) -> None:
    pair = auth.login(make_developer().name, PASSWORD)
    time_.pass_(days=6)
    auth.refresh(pair.refresh_token, "198.51.100.1")
    login = only()
    assert (login.last_seen_at, login.address) == (time_.moment, "198.51.100.1")
    assert login.expires_at == time_.moment + timedelta(days=7)


def test_an_ended_login_opens_nothing_and_is_not_begun_again(app: Flask) -> None:
    developer = make_developer()
    gone, stays = begin_login(developer), begin_login(developer)
    ended = tokens.access_claims(gone.access_token).login
    assert logins.end(ended, clock.now())
    assert not logins.end(ended, clock.now())
    db.session.commit()
    with pytest.raises(InvalidToken):
        auth.developer_of(gone.access_token)
    with pytest.raises(InvalidToken):
        auth.refresh(gone.refresh_token)
    assert live(developer) == {tokens.access_claims(stays.access_token).login}


def test_those_that_are_over_are_not_listed(app: Flask) -> None:
    developer = make_developer()
    here = make_login(developer)
    make_login(developer, ended_at=clock.now())
    make_login(developer, expires_at=clock.now())
    make_login(make_developer())
    assert live(developer) == {here.id}


@pytest.mark.parametrize("change", [{"password": "another long password"}, {"disabled": True}])
def test_what_ends_all_sessions_ends_all_logins(app: Flask, change: dict[str, object]) -> None:
    admin, developer = make_developer(role=SystemRole.ADMIN), make_developer()
    make_login(developer), make_login(developer)
    account_admin.update(admin, developer.id, **change)
    assert live(developer) == set()


def test_a_login_counts_as_confirmed_from_its_begin_and_anew_from_a_confirmation(
    app: Flask, time_: Clock
) -> None:
    developer = make_developer()
    login = tokens.access_claims(auth.login(developer.name, PASSWORD).access_token).login
    logins.require_recent(developer, login, time_.moment)
    time_.pass_(minutes=10)
    with pytest.raises(ReauthenticationRequired):
        logins.require_recent(developer, login, time_.moment)
    until = logins.reauthenticate(developer, login, time_.moment, by="password")
    assert until == time_.moment + timedelta(minutes=10)
    logins.require_recent(developer, login, time_.moment)


def test_a_device_that_was_let_in_from_elsewhere_has_to_confirm_first(app: Flask) -> None:
    developer, now = make_developer(), clock.now()
    developers.lock_current(developer)
    pair = logins.start(developer, now, via=LoginVia.DEVICE, client="cli", address="")
    with pytest.raises(ReauthenticationRequired):
        logins.require_recent(developer, tokens.access_claims(pair.access_token).login, now)


@pytest.mark.parametrize("whose", ["another's", "ended", "unknown"])
def test_no_login_but_ones_own_that_lives_is_confirmed(app: Flask, whose: str) -> None:
    developer, now = make_developer(), clock.now()
    login = {
        "another's": lambda: make_login(make_developer()).id,
        "ended": lambda: make_login(developer, ended_at=now).id,
        "unknown": uuid.uuid4,
    }[whose]()
    with pytest.raises(InvalidToken):
        logins.reauthenticate(developer, login, now, by="password")
    with pytest.raises(InvalidToken):
        logins.require_recent(developer, login, now)
