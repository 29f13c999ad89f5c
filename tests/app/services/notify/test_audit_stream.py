"""The audit log as webhook bots are told it: whole, in order, by numbers without a gap."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient

from app.chat import senders
from app.chat.senders import Address, DeliveryRefused, RetryLater
from app.domain.chat import BotPlatform
from app.domain.delivery import MAX_PAUSE
from app.domain.errors import InvalidFields
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditStream, Bot, BotHealth, Developer
from app.services import audit, clock, encryption, settings
from app.services.notify import audit_stream, bots
from tests.app.chat.loopback import serving
from tests.app.chat.test_webhook import SECRET, verifying
from tests.factories import make_bot, make_developer

URL = "https://siem.example/T0PSECRET"


class Receiver:
    """Stands in for the way out: what it has been posted, and how it answers."""

    def __init__(self) -> None:
        self.batches: list[dict[str, Any]] = []
        self.tried: list[list[int]] = []
        self.problem: Exception | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def post(self, address: Address, delivery: str, content: Any, *, allowed_hosts: object) -> None:
        assert address.app_secret == SECRET
        numbers = [entry["number"] for entry in content["entries"]]
        assert (content["first"], content["last"]) == (numbers[0], numbers[-1])
        assert delivery == f"audit-{content['botId']}-{numbers[-1]}"
        self.tried.append(numbers)
        self.meanwhile()
        if self.problem is not None:
            raise self.problem
        self.batches.append(json.loads(json.dumps(content)))

    @property
    def entries(self) -> list[tuple[int, str]]:
        """Each entry's number and target."""
        entries = [entry for batch in self.batches for entry in batch["entries"]]
        return [(entry["number"], entry["targetId"]) for entry in entries]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    stand_in = Receiver()
    monkeypatch.setattr(senders, "post", stand_in.post)
    return stand_in


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def streaming(url: str = URL) -> Bot:
    sealed = {"app_secret": encryption.encrypt(SECRET), "webhook_token": encryption.encrypt(url)}
    bot = make_bot(platform=BotPlatform.WEBHOOK, app_id=None, audit_log=True, **sealed)
    audit_stream.start_stream(bot)
    db.session.commit()
    return bot


def act(*targets: object) -> None:
    for target in targets:
        audit.record("machine.drained", "machine", target, actor=None)
        db.session.commit()


def stream_of(bot: Bot) -> AuditStream:
    db.session.expire_all()
    return db.session.get_one(AuditStream, bot.id)


def make_due(bot: Bot) -> None:
    """As if its wait and its lease were over."""
    stream = stream_of(bot)
    past = clock.now() - timedelta(seconds=1)
    stream.due_at = past
    stream.leased_until = past if stream.leased_until else None
    db.session.commit()


def test_entries_are_told_as_the_api_shows_them_and_signed_as_messages_are(
    app: Flask,
    client: FlaskClient,
    admin: Developer,
    login: Callable[[Developer], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    act("before")
    with serving() as server:
        streaming(f"{server.url}/in")
        monkeypatch.setattr(audit_stream, "allowed_hosts", lambda: frozenset({"127.0.0.1"}))
        made = {"key": "WEB", "repoUrl": "https://h/x", "gitToken": "hush-hush"}
        client.post("/api/admin/projects", json=made, headers=login(admin))
        act("after")
        assert audit_stream.send_due() == 1
    (asked,) = server.asked
    assert verifying()(SECRET, asked.headers["muster-signature"], asked.body)
    entries = json.loads(asked.body)["entries"]
    shown = client.get("/api/admin/audit-logs", headers=login(admin)).json["items"]
    assert [entry.pop("number") for entry in entries] == [1, 2]
    for entry in shown:
        del entry["names"], entry["targetName"]  # of today: the stream has what was recorded
    assert entries == [entry for entry in reversed(shown) if entry["targetId"] != "before"]
    assert "hush-hush" not in asked.body.decode()
    assert audit_stream.send_due() == 0


def test_what_is_not_taken_is_told_again_with_its_numbers_before_anything_else(
    app: Flask, receiver: Receiver
) -> None:
    bot = streaming()
    act("a", "b")
    for problem in (RetryLater("away"), DeliveryRefused("answered 403"), RuntimeError("hush")):
        receiver.problem = problem
        assert audit_stream.send_due() == 1
        assert audit_stream.send_due() == 0  # not at once
        act("more")
        make_due(bot)
    stream = stream_of(bot)
    assert (stream.failures, stream.error, stream.sent) == (3, "RuntimeError", 0)
    assert receiver.tried == [[1, 2], [1, 2, 3], [1, 2, 3, 4]]
    receiver.problem = None
    audit_stream.send_due()
    assert receiver.entries == [(1, "a"), (2, "b"), (3, "more"), (4, "more"), (5, "more")]
    stream = stream_of(bot)
    assert (stream.failures, stream.error, stream.sent, audit_stream.count_pending()) == (
        0,
        None,
        5,
        0,
    )


def test_it_is_tried_soon_or_when_it_is_wished(app: Flask, receiver: Receiver) -> None:
    bot = streaming()
    act("a")
    receiver.problem = RetryLater("away")
    for _ in range(20):
        make_due(bot)
        audit_stream.send_due()
        assert stream_of(bot).due_at <= clock.now() + MAX_PAUSE
    receiver.problem = RetryLater("later", after=3600)
    make_due(bot)
    audit_stream.send_due()
    assert stream_of(bot).due_at > clock.now() + timedelta(minutes=59)


def test_an_entry_that_is_committed_late_gets_the_next_number(
    committed_app: Flask, receiver: Receiver
) -> None:
    streaming()
    with committed_app.app_context():  # of a session of its own
        audit.record("machine.drained", "machine", "early", actor=None)
        db.session.flush()
        with committed_app.app_context():
            act("late")
            audit_stream.send_due()
        assert receiver.entries == [(1, "late")]
        db.session.commit()
    audit_stream.send_due()
    assert receiver.entries == [(1, "late"), (2, "early")]


def test_what_a_sender_was_killed_with_is_told_again_when_its_lease_is_over(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = streaming()
    act("a")
    monkeypatch.setattr(audit_stream, "_store_result", lambda *_: None)
    audit_stream.send_due()
    monkeypatch.undo()
    monkeypatch.setattr(senders, "post", receiver.post)
    act("b")
    assert audit_stream.send_due() == 0
    make_due(bot)
    audit_stream.send_due()
    assert receiver.tried == [[1], [1, 2]]


def test_a_sender_that_is_slower_than_its_lease_takes_nothing_away(
    app: Flask, receiver: Receiver
) -> None:
    bot = streaming()
    act("a")
    (late,) = audit_stream._claim(clock.now())
    make_due(bot)
    (again,) = audit_stream._claim(clock.now())
    audit_stream._store_result(late, None, clock.now())
    assert (stream_of(bot).sent, audit_stream.count_pending()) == (0, 1)
    audit_stream._store_result(again, None, clock.now())
    assert (stream_of(bot).sent, audit_stream.count_pending()) == (1, 0)


def test_a_batch_is_bounded_in_entries_and_in_bytes(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_stream, "BATCH", 3)
    streaming()
    act(*range(7))
    audit_stream.send_due()
    assert receiver.tried == [[1, 2, 3], [4, 5, 6], [7]]
    monkeypatch.setattr(audit_stream, "BATCH_BYTES", 10)
    act(*range(2))
    audit_stream.send_due()
    assert receiver.tried[3:] == [[8], [9]]


def test_the_stream_begins_and_ends_with_the_entries_that_say_so_and_counts_on(
    app: Flask, admin: Developer, receiver: Receiver
) -> None:
    given = {"name": "siem", "app_secret": SECRET, "webhook_token": URL}
    bot = bots.create(admin, platform=BotPlatform.WEBHOOK, audit_log=True, **given)
    act("told")
    bots.update(admin, bot.id, audit_log=False)
    act("not told")
    audit_stream.send_due()
    name = str(bot.id)
    assert receiver.entries == [(1, name), (2, "told"), (3, name)]
    last = receiver.batches[-1]["entries"][-1]
    assert last["changes"] == {"before": {"auditLog": True}, "after": {"auditLog": False}}
    bots.update(admin, bot.id, audit_log=True)
    audit_stream.send_due()
    assert receiver.entries[3:] == [(4, name)]


def test_a_bot_that_is_changed_is_tried_at_once(
    app: Flask, admin: Developer, receiver: Receiver
) -> None:
    bot = streaming()
    act("a")
    receiver.problem = RetryLater("away", after=3600)
    audit_stream.send_due()
    bots.update(admin, bot.id, webhook_token="https://other.example/")
    receiver.problem = None
    assert audit_stream.send_due() == 1
    assert [number for number, _ in receiver.entries] == [1, 2]


def test_with_a_bot_goes_what_it_had_to_be_told(
    app: Flask, admin: Developer, receiver: Receiver
) -> None:
    gone, kept = streaming(), streaming()
    act("a")
    bots.delete(admin, gone.id)
    audit_stream.delete_orphaned()
    assert audit_stream.count_pending() == 2
    assert audit_stream.send_due() == 1
    assert {batch["botId"] for batch in receiver.batches} == {kept.id}


def test_only_a_webhook_is_told(app: Flask, admin: Developer) -> None:
    given = {"name": "ntfy", "webhook_token": "ntfy://host/topic"}
    with pytest.raises(InvalidFields) as refused:
        bots.create(admin, platform=BotPlatform.APPRISE, audit_log=True, **given)
    assert "auditLog" in refused.value.errors
    bot = bots.create(admin, platform=BotPlatform.APPRISE, **given)
    with pytest.raises(InvalidFields):
        bots.update(admin, bot.id, audit_log=True)


def test_a_stream_that_fails_keeps_no_message_and_no_other_stream_back(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, well = streaming(), streaming()
    lost.webhook_token = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    db.session.commit()
    act("a")
    audit_stream.send_due()
    assert "ENCRYPTION_KEYS" in (stream_of(lost).error or "")
    assert [batch["botId"] for batch in receiver.batches] == [well.id]
    assert db.session.get(BotHealth, lost.id) is None


def test_admins_see_how_far_it_is(
    client: FlaskClient,
    admin: Developer,
    receiver: Receiver,
    login: Callable[[Developer], dict[str, str]],
) -> None:
    streaming()
    make_bot(platform=BotPlatform.WEBHOOK, app_id=None)
    act("a")
    audit_stream.send_due()
    receiver.problem = DeliveryRefused("answered 403")
    act("b")
    audit_stream.send_due()
    without, webhook = client.get("/api/admin/bots", headers=login(admin)).json["items"]
    assert (without["auditLog"], without["auditStream"]) == (False, None)
    seen = webhook["auditStream"]
    assert (seen["sent"], seen["failures"], seen["error"]) == (1, 1, "answered 403")
    assert "muster_audit_entries_waiting 1.0" in client.get("/metrics").text
    settings.clear_cache()
