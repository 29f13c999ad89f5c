"""Wake-ups leave after the commit, once, and never instead of it."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from redis.exceptions import ConnectionError as RedisAway

from app import wakeups
from app.extensions import db, redis
from app.postgres import transactions
from tests.app.wakeups_world import HERE, THERE, Subscriber, channels_of, really, rows, subscriber
from tests.factories import make_project

__all__ = ["rows", "subscriber"]  # fixtures


def test_nothing_is_sent_before_the_commit(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(sa.text("SELECT 1"))
    assert subscriber.received() == []
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE)]


@really
def test_what_is_wished_is_committed_by_then(rows: Flask, subscriber: Subscriber) -> None:
    """A woken listener finds the rows, on its own connection."""
    project = make_project()
    found: list[Any] = []

    def read_projects(name: str) -> None:
        with rows.app_context():
            found.append(db.session.scalar(sa.text("SELECT name FROM projects")))

    project.name = "seen"
    wakeups.wake_machines([HERE])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis.client, "publish", lambda *_: _in_a_thread(read_projects))
        db.session.commit()
    assert found == ["seen"]


def _in_a_thread(look: Any) -> None:
    thread = threading.Thread(target=look, args=("",))
    thread.start()
    thread.join(10)


@really
def test_no_connection_is_held_while_wake_ups_are_sent(rows: Flask) -> None:
    held: list[int] = []
    pool: Any = db.engine.pool
    make_project()
    wakeups.wake_machines([HERE])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis.client, "publish", lambda *_: held.append(pool.checkedout()))
        db.session.commit()
    assert held == [0]


def test_a_commit_without_a_statement_sends_too(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE)]


def test_each_wakeup_is_sent_once_and_together_with_its_like(subscriber: Subscriber) -> None:
    for _ in range(3):
        wakeups.wake_machines([THERE, HERE])
        wakeups.wake_machines([HERE])
        wakeups.publish_task_changes([3, 20])
        wakeups.publish_task_changes([3])
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE, THERE), (wakeups.CHANGES_CHANNEL, "3 20")]
    db.session.commit()
    assert subscriber.received() == []


def test_of_many_wakeups_for_a_job_one_is_sent(rows: Flask) -> None:
    for _ in range(3):
        wakeups.wake_outbox()
        wakeups.wake_deliveries()
        wakeups.wake_dispatch()
    db.session.commit()
    assert (redis.client.llen("notify"), redis.client.llen("dispatch")) == (2, 1)


def test_what_is_rolled_back_wakes_nobody(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    db.session.rollback()
    db.session.commit()
    db.session.execute(sa.text("SELECT 1"))
    wakeups.wake_machines([THERE])
    db.session.rollback()
    db.session.commit()
    assert subscriber.received() == []


def test_a_session_that_is_given_up_wakes_nobody(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    db.session.execute(sa.text("SELECT 1"))
    db.session.remove()
    db.session.commit()
    assert subscriber.received() == []


@really
def test_a_commit_that_fails_wakes_nobody(rows: Flask, subscriber: Subscriber) -> None:
    db.session.execute(
        sa.text("CREATE TEMP TABLE one (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    )
    db.session.execute(sa.text("INSERT INTO one VALUES (1), (1)"))
    wakeups.wake_machines([HERE])
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()
    db.session.commit()
    assert subscriber.received() == []


# ---- what cannot be sent -------------------------------------------------------------------------


def _fails(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [RedisAway("away"), RuntimeError("a mistake of ours")])
def test_a_wake_up_that_cannot_be_sent_fails_nothing_and_keeps_no_other_back(
    rows: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    make_project()
    wakeups.wake_machines([HERE])
    wakeups.wake_dispatch()
    monkeypatch.setattr(redis.client, "publish", _fails(error))
    db.session.commit()
    assert redis.client.llen("dispatch") == 1
    assert not db.session().in_transaction()
    assert db.session.scalar(sa.text("SELECT count(*) FROM projects")) == 1


@really
def test_without_redis_a_commit_is_a_commit(rows: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = redis.client
    monkeypatch.setattr(client.connection_pool, "get_connection", _fails(RedisAway("away")))
    project = make_project()
    wakeups.wake_machines([HERE])
    wakeups.publish_replaced(HERE, 2)
    wakeups.publish_task_changes([1])
    wakeups.publish_unread(1)
    wakeups.wake_deliveries()
    wakeups.publish_exit(1, 1, stage_index=0, code=0, log_end=0)
    project.name = "kept"
    db.session.commit()
    db.session.rollback()
    assert db.session.scalar(sa.text("SELECT name FROM projects")) == "kept"


# ---- what waits for no commit --------------------------------------------------------------------


def test_what_was_taken_is_sent_by_hand_and_not_by_the_commit(subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    taken = wakeups.pop_wakeups()
    wakeups.publish_task_changes([7])
    db.session.commit()
    assert subscriber.received() == [(wakeups.CHANGES_CHANNEL, "7")]
    wakeups.send_wakeups(taken)
    assert subscriber.received() == [channels_of(HERE)]


def test_wakeups_of_one_session_are_not_anothers(rows: Flask, subscriber: Subscriber) -> None:
    wakeups.wake_machines([HERE])
    with rows.app_context():
        db.session.commit()
    assert subscriber.received() == []
    db.session.commit()
    assert subscriber.received() == [channels_of(HERE)]


def test_no_wakeup_costs_a_statement(rows: Flask) -> None:
    sent: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "_do_commit", lambda _: sent.append("COMMIT"))
        sa.event.listen(db.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
        wakeups.wake_dispatch()
        wakeups.publish_exit(1, 1, stage_index=0, code=0, log_end=0)
        wakeups.wake_machines([])
        db.session.commit()
    assert sent == []
