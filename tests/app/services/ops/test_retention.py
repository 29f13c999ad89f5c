"""What goes when its time is over, what stays, and that a sweep is in nobody's way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.roles import SystemRole
from app.extensions import Model, db
from app.models import (
    ChannelToken,
    ChatEvent,
    ChatToken,
    Delivery,
    Developer,
    EnrollmentToken,
    IdempotencyKey,
    Invitation,
    Login,
    MachineHour,
    MachineMinute,
    Notification,
    OutboxEntry,
    PersonalToken,
    RefreshToken,
    TaskImage,
    TerminalInput,
)
from app.services import clock, settings
from app.services.ops import retention
from tests.app.services.statements import counted
from tests.factories import (
    make_bot,
    make_channel_token,
    make_chat_event,
    make_chat_token,
    make_delivery,
    make_developer,
    make_enrollment_token,
    make_hour,
    make_idempotency_key,
    make_invitation,
    make_login,
    make_machine,
    make_minute,
    make_notification,
    make_outbox_entry,
    make_personal_token,
    make_project,
    make_refresh_token,
    make_task,
    make_terminal_input,
    make_unused_image,
)

NOW = clock.now()
DAY = timedelta(days=1)
LATER = NOW + 365 * DAY


def count(kind: type[Model]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def keys(developer: Developer, number: int) -> None:
    """Rows of one kind, all over by now; each one older than the one before."""
    for days in range(number):
        make_idempotency_key(developer, created_at=NOW - (days + 2) * DAY)


Make = Callable[[Developer, dict[str, Any]], object]
MAKE: dict[type[Model], Make] = {
    Login: lambda d, given: make_login(d, **given),
    RefreshToken: lambda d, given: make_refresh_token(d, **given),
    PersonalToken: lambda d, given: make_personal_token(d, **given),
    EnrollmentToken: lambda d, given: make_enrollment_token(creator=d, **given),
    Invitation: lambda d, given: make_invitation(d, **given),
    TaskImage: lambda d, given: make_unused_image(make_project(), d, **given),
    IdempotencyKey: lambda d, given: make_idempotency_key(d, **given),
    Notification: lambda d, given: make_notification(d, **given),
    ChannelToken: lambda d, given: make_channel_token(d, **given),
    ChatEvent: lambda _, given: make_chat_event(**given),
    ChatToken: lambda d, given: make_chat_token(d, **given),
    MachineMinute: lambda _, given: make_minute(make_machine(), **given),
    MachineHour: lambda _, given: make_hour(make_machine(), **given),
    TerminalInput: lambda d, given: make_terminal_input(d, **given),
    OutboxEntry: lambda d, given: make_outbox_entry(make_task(creator=d), **given),
}


@pytest.mark.parametrize(
    ("kind", "given", "left"),
    [
        (OutboxEntry, {"expanded_at": NOW - 31 * DAY}, 0),
        (OutboxEntry, {"expanded_at": NOW - 29 * DAY}, 1),
        (OutboxEntry, {"expanded_at": None, "created_at": NOW - 300 * DAY}, 1),
        (RefreshToken, {"expires_at": NOW - 2 * DAY}, 0),
        (RefreshToken, {"expires_at": NOW - DAY / 2}, 1),
        (Login, {"expires_at": NOW - 2 * DAY}, 0),
        (Login, {"expires_at": NOW - DAY / 2}, 1),
        (Login, {"expires_at": LATER, "ended_at": NOW - 2 * DAY}, 0),
        (RefreshToken, {"expires_at": LATER, "replaced_at": NOW - 30 * DAY}, 1),
        (PersonalToken, {"expires_at": None, "created_at": NOW - 900 * DAY}, 1),
        (PersonalToken, {"expires_at": NOW - 91 * DAY}, 0),
        (PersonalToken, {"expires_at": NOW - 89 * DAY}, 1),
        (PersonalToken, {"expires_at": None, "revoked_at": NOW - 91 * DAY}, 0),
        (EnrollmentToken, {"expires_at": NOW - 91 * DAY}, 0),
        (EnrollmentToken, {"expires_at": NOW - 89 * DAY}, 1),
        (EnrollmentToken, {"expires_at": LATER, "revoked_at": NOW - 91 * DAY}, 0),
        (Invitation, {"expires_at": NOW - 91 * DAY}, 0),
        (Invitation, {"expires_at": LATER, "withdrawn_at": NOW - 91 * DAY}, 0),
        (Invitation, {"expires_at": NOW - 89 * DAY}, 1),
        (TaskImage, {"unused_since": NOW - timedelta(hours=25)}, 0),
        (TaskImage, {"unused_since": NOW - timedelta(hours=23)}, 1),
        (TaskImage, {"unused_since": None}, 1),
        (ChatEvent, {"received_at": NOW - 8 * DAY}, 0),
        (ChatEvent, {"received_at": NOW - 6 * DAY}, 1),
        (ChatToken, {"expires_at": NOW - 2 * DAY}, 0),
        (ChatToken, {"expires_at": NOW - DAY / 2}, 1),
        (IdempotencyKey, {"created_at": NOW - timedelta(hours=25)}, 0),
        (IdempotencyKey, {"created_at": NOW - timedelta(hours=23)}, 1),
        (Notification, {"created_at": NOW - 91 * DAY}, 0),
        (Notification, {"created_at": NOW - 89 * DAY}, 1),
        (MachineMinute, {"at": NOW - timedelta(hours=25)}, 0),
        (MachineMinute, {"at": NOW - timedelta(hours=23)}, 1),
        (MachineHour, {"at": NOW - 91 * DAY}, 0),
        (MachineHour, {"at": NOW - 89 * DAY}, 1),
    ],
    ids=[
        "expanded long ago",
        "expanded lately",
        "an event that nobody has been told of",
        "a refresh token that expired",
        "a refresh token that expired just now",
        "a login that expired",
        "a login that expired just now",
        "a login that was ended",
        "a refresh token that was exchanged",
        "a token without an end",
        "a token that expired long ago",
        "a token that expired not so long ago",
        "a token that was revoked",
        "an enrollment token that expired long ago",
        "an enrollment token that expired not so long ago",
        "an enrollment token that was revoked",
        "an invitation that expired long ago",
        "an invitation that was withdrawn",
        "an invitation that expired not so long ago",
        "an image that no task used in a day",
        "an image that no task has used yet",
        "a task's image",
        "an old event of a chat",
        "an event of a chat that may come again",
        "a chat token of before yesterday",
        "a chat token that expired just now",
        "a key of yesterday",
        "a key of today",
        "an old notification",
        "a notification of this quarter",
        "a minute of yesterday",
        "a minute of today",
        "an hour of the last quarter",
        "an hour of this quarter",
    ],
)
def test_a_row_goes_when_its_time_is_over(
    app: Flask, kind: type[Model], given: dict[str, Any], left: int
) -> None:
    MAKE[kind](make_developer(), given)
    for _ in range(2):
        retention.sweep(NOW)
    assert count(kind) == left


@pytest.mark.parametrize(
    ("key", "kind", "given"),
    [
        ("sessionRetentionDays", RefreshToken, {"expires_at": NOW - 10.5 * DAY}),
        ("tokenRetentionDays", PersonalToken, {"expires_at": NOW - 10.5 * DAY}),
        ("tokenRetentionDays", EnrollmentToken, {"expires_at": NOW - 10.5 * DAY}),
        ("idempotencyHours", IdempotencyKey, {"created_at": NOW - timedelta(hours=10.5)}),
        ("notificationRetentionDays", Notification, {"created_at": NOW - 10.5 * DAY}),
        ("sessionRetentionDays", ChannelToken, {"expires_at": NOW - 10.5 * DAY}),
        ("terminalInputRetentionDays", TerminalInput, {"ended_at": NOW - 10.5 * DAY}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_is_in_force_at_the_next_sweep(
    app: Flask, key: str, kind: type[Model], given: dict[str, Any]
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    MAKE[kind](admin, given)
    for value, left in ((11, 1), (10, 0)):
        settings.update(admin, {key: value})
        retention.sweep(NOW)
        assert count(kind) == left


def test_every_kind_has_a_test() -> None:
    assert {rule.kind for rule in retention.RULES} == set(MAKE)


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4])
def test_batches_meet_without_a_gap(app: Flask, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    keys(make_developer(), rows)
    retention.sweep(NOW)
    assert count(IdempotencyKey) == 0


def test_a_run_ends_and_the_next_one_goes_on_with_the_oldest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MAX_BATCHES", 2)
    keys(make_developer(), 7)
    retention.sweep(NOW)
    left = db.session.scalars(sa.select(IdempotencyKey.created_at)).all()
    assert sorted(left) == [NOW - (days + 2) * DAY for days in (2, 1, 0)]
    retention.sweep(NOW)
    assert count(IdempotencyKey) == 0


def test_each_batch_is_a_transaction_of_one_statement(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    keys(make_developer(), 4)
    commits: list[object] = []
    note = commits.append
    settings.value("idempotencyHours")  # they are known for a second
    db.session.commit()
    sa.event.listen(db.engine, "commit", note)
    try:
        with counted() as statements:
            retention.sweep(NOW)
    finally:
        sa.event.remove(db.engine, "commit", note)
    of_keys = [one for one in statements if "idempotency_keys" in one]
    assert len(of_keys) == 3, statements  # the last one finds nothing
    assert len(commits) == len(statements)


def test_a_row_in_use_is_passed_over(committed_app: Flask) -> None:
    keys(make_developer(), 3)
    held = sa.select(IdempotencyKey.key).order_by(IdempotencyKey.created_at).limit(1)
    with db.engine.begin() as other:
        (key,) = other.execute(held.with_for_update()).one()
        db.session.execute(sa.text("SET lock_timeout = '5s'"))  # a wait would be an error
        retention.sweep(NOW)
        assert db.session.scalars(sa.select(IdempotencyKey.key)).all() == [key]
    retention.sweep(NOW)
    assert count(IdempotencyKey) == 0


def test_sweeps_at_once_share_the_work(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 5)
    developer = make_developer()
    kept = make_idempotency_key(developer).key
    keys(developer, 60)
    barrier, went = threading.Barrier(4), []
    delete = retention._delete

    def noted(*args: Any) -> int:
        went.append(delete(*args))
        return went[-1]

    monkeypatch.setattr(retention, "_delete", noted)

    def run(_: int) -> None:
        with committed_app.app_context():
            barrier.wait(timeout=10)
            retention.sweep(NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    retention.sweep(NOW)  # what the last two had left to each other
    assert sum(went) == 60
    assert db.session.scalars(sa.select(IdempotencyKey.key)).all() == [kept]


@pytest.mark.parametrize("rule", retention.RULES, ids=lambda rule: rule.kind.__tablename__)
def test_what_is_due_is_found_by_an_index(app: Flask, rule: retention.Rule) -> None:
    db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    db.session.execute(sa.text("SET LOCAL enable_sort = off"))
    query = retention.due_rows(rule, datetime.now(NOW.tzinfo)).limit(10)
    statement = query.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(sa.text(f"EXPLAIN {statement}")))
    assert f"Index Scan using ix_{rule.kind.__tablename__}" in plan
    assert "Index Cond" in plan
    assert "Sort" not in plan


def test_deliveries_go_with_their_event(app: Flask) -> None:
    task = make_task()
    entry = make_outbox_entry(task, expanded_at=NOW - 31 * DAY)
    make_delivery(task, make_bot(), entry=entry)
    kept = make_delivery(task, make_bot())
    retention.sweep(NOW)
    assert [row.id for row in db.session.query(Delivery)] == [kept.id]
