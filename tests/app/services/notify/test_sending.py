"""Sending what is due: in order, again when it failed, and nobody waits for a dead host."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as RedisConnectionError

from app.chat import senders
from app.chat.senders import Address, DeliveryRefused, Message, TryAgain
from app.domain.audience import NewsKind
from app.domain.chat import BotPlatform
from app.domain.delivery import OPENS_AFTER, Circuit, DeliveryAct, DeliveryState
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import Bot, BotHealth, Delivery, Developer, Project, ProjectMember, Task
from app.services import settings, vault
from app.services.clock import now
from app.services.notify import bindings, bots, deliveries, sending
from app.services.notify.deliveries import Mark
from app.services.removal import projects
from tests.factories import (
    make_bot,
    make_delivery,
    make_developer,
    make_outbox_entry,
    make_project,
    make_task,
)

Answer = Callable[[Address, Message], str | None]
GATE = {
    "stageIndex": 0,
    "stageName": "publish",
    "round": 1,
    "kind": "choose",
    "prompt": "Where?",
    "choices": ["here", "there"],
}
TOLD = {"title": "T", "body": "B", "status": "suspended", "projectKey": "P"}


@dataclass
class Platform:
    """Stands in for the senders: what it was given, and how it answers."""

    answer: Answer = lambda _address, _message: None
    sent: list[tuple[Address, Message]] = field(default_factory=list)
    edited: list[tuple[str, Message]] = field(default_factory=list)

    def send(self, address: Address, message: Message, *, allowed_hosts: object) -> str | None:
        self.sent.append((address, message))
        return self.answer(address, message)

    def edit(self, address: Address, ref: str, message: Message, *, allowed_hosts: object) -> None:
        self.edited.append((ref, message))
        self.answer(address, message)


@pytest.fixture
def platform(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Platform:
    stand_in = Platform()
    monkeypatch.setattr(senders, "send", stand_in.send)
    monkeypatch.setattr(senders, "edit", stand_in.edit)
    return stand_in


@pytest.fixture
def bot(app: Flask) -> Bot:
    return make_bot(
        app_secret=vault.encrypt("Xyzzy4711-signing"), webhook_token=vault.encrypt("xoxb-Xyzzy4711")
    )


@pytest.fixture
def task(app: Flask) -> Task:
    return make_task()


def fails(problem: Exception) -> Answer:
    def answer(_address: Address, _message: Message) -> str | None:
        raise problem

    return answer


def again(delivery: Delivery) -> Delivery:
    db.session.refresh(delivery)
    return delivery


def make_due(delivery: Delivery) -> None:
    """As if its wait, its bot's rest and its lease were over."""
    past = now() - timedelta(seconds=1)
    again(delivery)
    delivery.due_at = past
    delivery.leased_until = past if delivery.leased_until else None
    health = db.session.get(BotHealth, delivery.bot_id, populate_existing=True)
    if health is not None and health.rests_until is not None:
        health.rests_until = past
    db.session.commit()


def test_a_message_says_all_that_the_platform_needs(
    platform: Platform, bot: Bot, task: Task
) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"publicUrl": "https://muster.example/"})
    entry = make_outbox_entry(task, kind=NewsKind.GATE_OPENED, told={**TOLD, "gate": GATE})
    delivery = make_delivery(task, bot, entry=entry, chat_id="C7")
    assert sending.send_due() == 1
    [(address, message)] = platform.sent
    assert address == Address(
        BotPlatform.SLACK, bot.app_id, "Xyzzy4711-signing", "xoxb-Xyzzy4711", "C7"
    )
    assert (message.delivery_id, message.kind, message.task_id) == (
        delivery.id,
        "gate_opened",
        task.id,
    )
    assert message.url == f"https://muster.example/tasks/{task.id}"
    assert message.gate is not None
    assert (message.gate.choices, message.gate.answered) == (("here", "there"), None)
    assert again(delivery).state is DeliveryState.SENT


def test_a_card_is_edited_by_the_reference_that_the_platform_gave(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = lambda _address, _message: "ts-1"
    asked = make_outbox_entry(task, kind=NewsKind.GATE_OPENED, told={**TOLD, "gate": GATE})
    card = make_delivery(task, bot, entry=asked)
    answered = make_outbox_entry(
        task, kind=NewsKind.GATE_ANSWERED, message="answered by ada: here", told=TOLD
    )
    edit = make_delivery(task, bot, entry=answered, act=DeliveryAct.EDIT, card_id=card.id)
    while sending.send_due():
        pass
    [(ref, message)] = platform.edited
    assert (ref, again(card).ref) == ("ts-1", "ts-1")
    assert message.gate is not None
    assert (message.gate.prompt, message.gate.answered) == ("Where?", "answered by ada: here")
    assert again(edit).state is DeliveryState.SENT


def test_where_there_is_no_card_an_edit_is_through_at_once(
    platform: Platform, bot: Bot, task: Task
) -> None:
    card = make_delivery(task, bot, state=DeliveryState.SENT)
    edit = make_delivery(task, bot, act=DeliveryAct.EDIT, card_id=card.id)
    sending.send_due()
    assert (platform.edited, again(edit).state) == ([], DeliveryState.SENT)


# ---- order ---------------------------------------------------------------------------------------


def test_a_tasks_news_come_to_a_chat_in_order_and_wait_for_what_is_tried_again(
    platform: Platform, bot: Bot, task: Task
) -> None:
    first, second = make_delivery(task, bot), make_delivery(task, bot)
    elsewhere = make_delivery(task, bot, chat_id="C2")
    other = make_delivery(make_task(), bot)
    ids = {first.id}

    def once_bad(_address: Address, message: Message) -> None:
        if message.delivery_id in ids:
            ids.clear()
            raise TryAgain("HTTP 503")

    platform.answer = once_bad
    sending.send_due()
    tried = [message.delivery_id for _, message in platform.sent]
    assert sorted(tried) == sorted([first.id, elsewhere.id, other.id])
    assert again(second).attempts == 0
    make_due(first)
    sending.send_due()
    assert [message.delivery_id for _, message in platform.sent[3:]] == [first.id, second.id]


def test_one_that_was_given_up_holds_up_nobody(platform: Platform, bot: Bot, task: Task) -> None:
    make_delivery(task, bot, state=DeliveryState.DEAD)
    second = make_delivery(task, bot)
    sending.send_due()
    assert again(second).state is DeliveryState.SENT


# ---- failures ------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_later_up_to_a_number_and_then_given_up(
    platform: Platform, bot: Bot, task: Task
) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"deliveryAttempts": 3})
    platform.answer = fails(TryAgain("HTTP 500 from the platform"))
    delivery = make_delivery(task, bot)
    for tries in (1, 2, 3):
        make_due(delivery)
        assert sending.send_due() == 1
        assert again(delivery).attempts == tries
    assert (delivery.state, delivery.error) == (DeliveryState.DEAD, "HTTP 500 from the platform")
    assert sending.send_due() == 0


def test_a_refusal_is_final_and_in_the_platforms_own_words(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(DeliveryRefused("channel_not_found"))
    delivery = make_delivery(task, bot)
    sending.send_due()
    assert (again(delivery).state, delivery.error) == (DeliveryState.DEAD, "channel_not_found")


def test_who_asks_to_be_left_alone_is_with_all_that_is_for_them(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(TryAgain("HTTP 429", after=30.0))
    delivery = make_delivery(task, bot)
    began = now()
    sending.send_due()
    assert again(delivery).due_at >= began + timedelta(seconds=30)
    platform.answer = lambda _address, _message: None
    other = make_delivery(make_task(), bot)
    assert sending.send_due() == 0
    make_due(other)
    assert sending.send_due() == 1, "the rest is over"


def test_a_bot_that_fails_again_and_again_is_left_alone_and_then_tried_by_one(
    platform: Platform, bot: Bot
) -> None:
    platform.answer = fails(TryAgain("timed out"))
    all_of_it = [make_delivery(make_task(), bot) for _ in range(20)]
    sending.send_due()
    tried = len(platform.sent)
    # Those that were on their way when the circuit opened came to their ends.
    assert OPENS_AFTER <= tried < OPENS_AFTER + sending.AT_ONCE
    assert sending.send_due() == 0
    for delivery in all_of_it:
        make_due(delivery)
    assert sending.send_due() == 1, "a probe"
    platform.answer = lambda _address, _message: None
    for delivery in all_of_it:
        make_due(delivery)
    sending.send_due()
    assert {again(delivery).state for delivery in all_of_it} == {DeliveryState.SENT}


def test_what_nobody_expected_is_told_by_its_kind_alone(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(KeyError("Xyzzy4711 in some text"))
    delivery = make_delivery(task, bot)
    sending.send_due()
    assert (again(delivery).state, delivery.error) == (DeliveryState.PENDING, "KeyError")


NOT_MEANT = "not sent: who it was for may no longer hear of it"


def test_a_room_that_is_bound_no_more_is_not_told(platform: Platform, bot: Bot, task: Task) -> None:
    delivery = make_delivery(task, bot)
    admin = make_developer(role=SystemRole.ADMIN)
    bindings.remove(admin, bot.id, platform_chat_id=delivery.chat_id)
    sending.send_due()
    assert platform.sent == []
    assert (again(delivery).state, delivery.error) == (DeliveryState.DEAD, NOT_MEANT)
    assert db.session.get_one(BotHealth, bot.id).failures == 0


def test_a_room_of_a_project_that_was_deleted_hears_no_more_but_its_cards_are_closed(
    platform: Platform, bot: Bot
) -> None:
    task = make_task(status=TaskStatus.COMPLETED)
    news = make_delivery(task, bot)
    asked = make_outbox_entry(task, kind=NewsKind.GATE_OPENED, told={**TOLD, "gate": GATE})
    card = make_delivery(task, bot, entry=asked, state=DeliveryState.SENT, ref="C1:7")
    edit = make_delivery(task, bot, act=DeliveryAct.EDIT, card_id=card.id)
    admin = make_developer(role=SystemRole.ADMIN)
    key = db.session.get_one(Project, task.project_id).key
    projects.delete(admin, key)
    sending.send_due()
    sending.send_due()
    assert (again(news).state, again(edit).state) == (DeliveryState.DEAD, DeliveryState.SENT)
    assert (platform.sent, [ref for ref, _ in platform.edited]) == ([], ["C1:7"])


def disable(developer: Developer, _task: Task) -> None:
    developer.disabled_at = now()


def leave(developer: Developer, task: Task) -> None:
    db.session.delete(db.session.get_one(ProjectMember, (task.project_id, developer.id)))


def unlink(developer: Developer, _task: Task) -> None:
    developer.platform_uid = None


def move(developer: Developer, _task: Task) -> None:
    developer.platform_uid = "slack:U8"


def nothing(_developer: Developer, _task: Task) -> None:
    """They are still there."""


@pytest.mark.parametrize(
    ("happens", "chats"),
    [(nothing, ["U7"]), (disable, []), (leave, []), (unlink, []), (move, [])],
)
def test_who_may_not_hear_of_it_any_more_is_not_told(
    platform: Platform,
    bot: Bot,
    happens: Callable[[Developer, Task], None],
    chats: list[str],
) -> None:
    ada = make_developer(platform_uid="slack:U7")
    task = make_task(project=make_project(members=[ada]), creator=ada)
    delivery = make_delivery(task, bot, chat_id="U7", developer_id=ada.id)
    happens(ada, task)
    db.session.commit()
    sending.send_due()
    assert [address.chat_id for address, _ in platform.sent] == chats
    assert again(delivery).error == (None if chats else NOT_MEANT)


def test_a_bot_that_is_deleted_takes_what_it_was_to_say_along(
    platform: Platform, bot: Bot, task: Task
) -> None:
    """Also while it is saying it."""
    admin = make_developer(role=SystemRole.ADMIN)
    first, second = make_delivery(task, bot), make_delivery(make_task(), make_bot())
    gone = first.id

    held = deliveries.claim({bot.id: 1}, now())
    bots.delete(admin, bot.id)
    mark = Mark(held[0].id, held[0].attempts, DeliveryState.SENT, now(), "C1:1")
    deliveries.mark([(held[0].bot_id, mark)], {held[0].bot_id: Circuit()}, now())
    assert sending.send_due() == 1
    assert db.session.get(Delivery, gone) is None
    assert again(second).state is DeliveryState.SENT


def test_secrets_under_a_lost_key_wait_for_the_key(
    platform: Platform, task: Task, app: Flask
) -> None:
    delivery = make_delivery(task, make_bot(app_secret="gAAAAnot-ours"))
    sending.send_due()
    assert (again(delivery).state, platform.sent) == (DeliveryState.PENDING, [])
    assert "ENCRYPTION_KEYS" in (delivery.error or "")


# ---- crashes, and others at the same work --------------------------------------------------------


def test_a_sender_that_was_killed_is_waited_for_until_its_lease_ends(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery = make_delivery(task, bot)
    assert [one.id for one in deliveries.claim({bot.id: 5}, now())] == [delivery.id]
    assert sending.send_due() == 0
    make_due(delivery)
    assert sending.send_due() == 1
    assert again(delivery).attempts == 2


def test_a_slow_sender_changes_nothing_that_is_no_longer_its_own(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery = make_delivery(task, bot)
    [old] = deliveries.claim({bot.id: 5}, now())
    make_due(delivery)
    [new] = deliveries.claim({bot.id: 5}, now())
    late = deliveries.Mark(old.id, old.attempts, DeliveryState.DEAD, now(), error="late")
    deliveries.mark([(bot.id, late)], {}, now())
    assert (again(delivery).state, delivery.attempts) == (DeliveryState.SENDING, new.attempts)


def test_one_job_sends_at_a_time_and_sees_what_others_came_for(
    platform: Platform, bot: Bot, task: Task
) -> None:
    first, client = make_delivery(task, bot), redis.client  # the senders' threads know no app

    def meanwhile(_address: Address, message: Message) -> None:
        if message.delivery_id == first.id:
            client.set("muster:send:wanted", 1)

    platform.answer = meanwhile
    redis.client.set("muster:send:holder", "another", px=60_000)
    assert sending.send_due() == 0
    assert redis.client.exists("muster:send:wanted"), "for the other to see"
    redis.client.delete("muster:send:holder")
    assert sending.send_due() == 1
    assert not redis.client.exists("muster:send:holder")


def test_what_was_sent_is_marked_also_when_redis_has_gone_away_meanwhile(
    platform: Platform, bot: Bot, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, client = make_delivery(task, bot), redis.client

    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    def meanwhile(_address: Address, _message: Message) -> None:
        for name in ("set", "eval", "pipeline"):
            monkeypatch.setattr(client, name, away)

    platform.answer = meanwhile
    sending.send_due()
    monkeypatch.undo()
    assert again(delivery).state is DeliveryState.SENT


def test_who_was_too_slow_to_stay_the_one_that_sends_leaves_it_to_who_is_now(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery, client = make_delivery(task, bot), redis.client

    def meanwhile(_address: Address, _message: Message) -> None:
        client.set("muster:send:holder", "another", px=60_000)

    platform.answer = meanwhile
    sending.send_due()
    assert again(delivery).state is DeliveryState.SENT
    assert redis.client.get("muster:send:holder") == b"another"


@pytest.mark.parametrize("said", ["a\0b", "a\ud800b"])
def test_words_that_postgres_cannot_hold_keep_nothing_from_being_marked(
    platform: Platform, bot: Bot, task: Task, said: str
) -> None:
    delivery = make_delivery(task, bot)
    platform.answer = fails(DeliveryRefused(said))
    sending.send_due()
    assert again(delivery).state is DeliveryState.DEAD


def test_a_bot_that_hangs_holds_up_no_other(
    platform: Platform, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, slow = threading.Event(), make_bot()
    app_of_slow = slow.app_id
    passed: list[float] = []

    def answer(address: Address, _message: Message) -> None:
        if address.app_id == app_of_slow:
            assert release.wait(20)
            return
        passed.append(time.monotonic())
        if len(passed) >= 40:
            release.set()  # the slow ones may only go on when all others are through

    platform.answer = answer
    hanging = [make_delivery(make_task(), slow) for _ in range(10)]
    quick = [make_delivery(make_task(), bot) for _ in range(40)]
    monkeypatch.setattr(sending, "CLAIMING_SECONDS", 30.0)
    assert sending.send_due() == 50
    assert [again(each).error for each in hanging + quick] == [None] * 50
    assert {again(each).state for each in hanging + quick} == {DeliveryState.SENT}
    before = [a for a, _ in platform.sent if a.app_id == slow.app_id]
    assert len(before) == 10


def test_what_takes_too_long_is_left_to_the_next_job(
    platform: Platform, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CLAIMING_SECONDS", 0.0)
    make_delivery(make_task(), bot)
    assert sending.send_due() == 0
    assert redis.client.llen("notify") == 1


def test_health_and_counts_are_kept(platform: Platform, bot: Bot) -> None:
    make_delivery(make_task(), bot)
    sending.send_due()
    platform.answer = fails(DeliveryRefused("no"))
    make_delivery(make_task(), bot)
    sending.send_due()
    assert deliveries.totals()["slack", "sent"] == 1
    assert deliveries.totals()["slack", "died"] == 1
    assert deliveries.waiting()["slack", "dead"] == 1
