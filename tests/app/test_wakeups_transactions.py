"""Which ends of a transaction send what was wished: savepoints, and statements that commit."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import wakeups
from app.extensions import db
from app.postgres import transactions
from tests.app.wakeups_world import HERE, THERE, Subscriber, channels_of, really, rows, subscriber

__all__ = ["rows", "subscriber"]  # fixtures


# ---- savepoints ----------------------------------------------------------------------------------


def test_the_release_of_a_savepoint_sends_nothing_and_the_commit_all(
    subscriber: Subscriber,
) -> None:
    wakeups.wake_machines([HERE])
    with db.session.begin_nested():
        wakeups.wake_machines([THERE])
    assert subscriber.received() == []
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE, THERE)]


def test_a_savepoint_rolls_back_its_own_wakeups_alone(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    savepoint = db.session.begin_nested()
    with db.session.begin_nested():
        wakeups.wake_machines([HERE, THERE])
    savepoint.rollback()
    wakeups.publish_task_changes([7])
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE), (wakeups.CHANGES_CHANNEL, "7")]


def test_a_rollback_after_a_savepoint_takes_all_back(subscriber: Subscriber) -> None:
    with db.session.begin_nested():
        wakeups.wake_machines([HERE])
    db.session.rollback()
    db.session.commit()
    assert subscriber.received() == []


# ---- statements that commit ----------------------------------------------------------------------


SAYING = sa.text(transactions.returning_text("'said'")).execution_options(
    commits=transactions.RETURNING_TEXT
)


@pytest.mark.parametrize("through", ["session", "connection"])
@really
def test_a_statement_that_commits_is_a_commit_however_the_session_goes_on(
    rows: Flask, subscriber: Subscriber, through: str
) -> None:
    wakeups.wake_machines([HERE])
    by: Any = db.session if through == "session" else db.session.connection()
    by.execute(SAYING)
    wakeups.publish_task_changes([7])
    assert subscriber.received() == []  # the connection is still held
    db.session.rollback()
    assert subscriber.received() == [channels_of(HERE), (wakeups.CHANGES_CHANNEL, "7")]
    wakeups.wake_machines([THERE])
    db.session.rollback()
    assert subscriber.received() == []


def test_after_a_statement_that_commits_the_sessions_commit_sends_once(
    subscriber: Subscriber,
) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(SAYING)
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE)]


@really
def test_a_statement_that_commits_and_fails_is_none(rows: Flask, subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    with pytest.raises(sa.exc.DataError):
        db.session.execute(sa.text("SELECT 1 / 0").execution_options(commits=True))
    db.session.rollback()
    assert subscriber.received() == []


@really
def test_a_statement_commits_nothing_inside_a_savepoint(
    rows: Flask, subscriber: Subscriber
) -> None:
    wakeups.wake_machines([HERE])
    with db.session.begin_nested():
        db.session.execute(sa.text("SELECT 1").execution_options(commits=True))
    db.session.rollback()
    assert subscriber.received() == []


@really
def test_a_statement_on_somebody_elses_connection_commits_nothing_of_ours(
    rows: Flask, subscriber: Subscriber
) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(sa.text("SELECT 1"))
    with db.engine.connect() as other:
        other.execute(SAYING)
    db.session.rollback()
    assert subscriber.received() == []
