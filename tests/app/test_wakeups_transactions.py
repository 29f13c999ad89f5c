"""Which ends of a transaction send what was wished: savepoints, and statements that commit."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import wakeups
from app.extensions import db
from app.postgres import transactions
from tests.app.wakeups_world import HERE, THERE, Ear, ear, really, rows, woken

__all__ = ["ear", "rows"]  # fixtures


# ---- savepoints ----------------------------------------------------------------------------------


def test_the_release_of_a_savepoint_sends_nothing_and_the_commit_all(ear: Ear) -> None:
    wakeups.wake_machines([HERE])
    with db.session.begin_nested():
        wakeups.wake_machines([THERE])
    assert ear.heard() == []
    db.session.commit()
    assert ear.heard() == [woken(HERE, THERE)]


def test_a_savepoint_takes_back_its_own_wishes_alone(ear: Ear) -> None:
    wakeups.wake_machines([HERE])
    savepoint = db.session.begin_nested()
    with db.session.begin_nested():
        wakeups.wake_machines([HERE, THERE])
    savepoint.rollback()
    wakeups.tell_news([7])
    db.session.commit()
    assert ear.heard() == [woken(HERE), (wakeups.NEWS_CHANNEL, "7")]


def test_a_rollback_after_a_savepoint_takes_all_back(ear: Ear) -> None:
    with db.session.begin_nested():
        wakeups.wake_machines([HERE])
    db.session.rollback()
    db.session.commit()
    assert ear.heard() == []


# ---- statements that commit ----------------------------------------------------------------------


SAYING = sa.text(transactions.say("'said'")).execution_options(commits=transactions.SAID)


@pytest.mark.parametrize("through", ["session", "connection"])
@really
def test_a_statement_that_commits_is_a_commit_however_the_session_goes_on(
    rows: Flask, ear: Ear, through: str
) -> None:
    wakeups.wake_machines([HERE])
    by: Any = db.session if through == "session" else db.session.connection()
    by.execute(SAYING)
    wakeups.tell_news([7])
    assert ear.heard() == []  # the connection is still held
    db.session.rollback()
    assert ear.heard() == [woken(HERE), (wakeups.NEWS_CHANNEL, "7")]
    wakeups.wake_machines([THERE])
    db.session.rollback()
    assert ear.heard() == []


def test_after_a_statement_that_commits_the_sessions_commit_sends_once(ear: Ear) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(SAYING)
    db.session.commit()
    assert ear.heard() == [woken(HERE)]


@really
def test_a_statement_that_commits_and_fails_is_none(rows: Flask, ear: Ear) -> None:
    wakeups.wake_machines([HERE])
    with pytest.raises(sa.exc.DataError):
        db.session.execute(sa.text("SELECT 1 / 0").execution_options(commits=True))
    db.session.rollback()
    assert ear.heard() == []


@really
def test_a_statement_commits_nothing_inside_a_savepoint(rows: Flask, ear: Ear) -> None:
    wakeups.wake_machines([HERE])
    with db.session.begin_nested():
        db.session.execute(sa.text("SELECT 1").execution_options(commits=True))
    db.session.rollback()
    assert ear.heard() == []


@really
def test_a_statement_on_somebody_elses_connection_commits_nothing_of_ours(
    rows: Flask, ear: Ear
) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(sa.text("SELECT 1"))
    with db.engine.connect() as other:
        other.execute(SAYING)
    db.session.rollback()
    assert ear.heard() == []
