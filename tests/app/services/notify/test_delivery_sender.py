"""Sending what is due: in order, again when it failed, and nobody waits for a dead host."""

import threading
import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.chat.senders import Address, DeliveryRefused, Message, RetryLater
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.domain.roles import SystemRole
from app.extensions import redis
from app.models import Bot, Task
from app.services import settings
from app.services.clock import now
from app.services.notify import deliveries, delivery_sender
from tests.app.services.notify.sending_world import (
    GATE,
    MESSAGE,
    Platform,
    again,
    fails,
    make_due,
)
from tests.factories import (
    make_bot,
    make_delivery,
    make_developer,
    make_outbox_entry,
    make_task,
)


def test_a_message_says_all_that_the_platform_needs(
    platform: Platform, bot: Bot, task: Task
) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"publicUrl": "https://muster.example/"})
    entry = make_outbox_entry(
        task, kind=NotificationType.GATE_OPENED, content={**MESSAGE, "gate": GATE}
    )
    delivery = make_delivery(task, bot, entry=entry, chat_id="C7")
    assert delivery_sender.send_due() == 1
    [(address, message)] = platform.sent
    assert address == Address(
        BotPlatform.SLACK, bot.app_id, "xoxb-Xyzzy4711", "Xyzzy4711-signing", "C7"
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
    asked = make_outbox_entry(
        task, kind=NotificationType.GATE_OPENED, content={**MESSAGE, "gate": GATE}
    )
    card = make_delivery(task, bot, entry=asked)
    answered = make_outbox_entry(
        task, kind=NotificationType.GATE_ANSWERED, message="answered by ada: here", content=MESSAGE
    )
    edit = make_delivery(task, bot, entry=answered, action=DeliveryAction.EDIT, card_id=card.id)
    while delivery_sender.send_due():
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
    edit = make_delivery(task, bot, action=DeliveryAction.EDIT, card_id=card.id)
    delivery_sender.send_due()
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
            raise RetryLater("HTTP 503")

    platform.answer = once_bad
    delivery_sender.send_due()
    tried = [message.delivery_id for _, message in platform.sent]
    assert sorted(tried) == sorted([first.id, elsewhere.id, other.id])
    assert again(second).attempts == 0
    make_due(first)
    delivery_sender.send_due()
    assert [message.delivery_id for _, message in platform.sent[3:]] == [first.id, second.id]


def test_one_that_was_given_up_holds_up_nobody(platform: Platform, bot: Bot, task: Task) -> None:
    make_delivery(task, bot, state=DeliveryState.DEAD)
    second = make_delivery(task, bot)
    delivery_sender.send_due()
    assert again(second).state is DeliveryState.SENT


# ---- crashes, and others at the same work --------------------------------------------------------


def test_a_sender_that_was_killed_is_waited_for_until_its_lease_ends(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery = make_delivery(task, bot)
    assert [one.id for one in deliveries.claim({bot.id: 5}, now())] == [delivery.id]
    assert delivery_sender.send_due() == 0
    make_due(delivery)
    assert delivery_sender.send_due() == 1
    assert again(delivery).attempts == 2


def test_a_slow_sender_changes_nothing_that_is_no_longer_its_own(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery = make_delivery(task, bot)
    [old] = deliveries.claim({bot.id: 5}, now())
    make_due(delivery)
    [new] = deliveries.claim({bot.id: 5}, now())
    late = deliveries.DeliveryResult(old.id, old.attempts, DeliveryState.DEAD, now(), error="late")
    deliveries.store_results([(bot.id, late)], {}, now())
    assert (again(delivery).state, delivery.attempts) == (DeliveryState.SENDING, new.attempts)


def test_one_job_sends_at_a_time_and_sees_what_others_came_for(
    platform: Platform, bot: Bot, task: Task
) -> None:
    first, client = make_delivery(task, bot), redis.client  # the senders' threads know no app

    def meanwhile(_address: Address, message: Message) -> None:
        if message.delivery_id == first.id:
            client.set("muster:send:requested", 1)

    platform.answer = meanwhile
    redis.client.set("muster:send:lock", "another", px=60_000)
    assert delivery_sender.send_due() == 0
    assert redis.client.exists("muster:send:requested"), "for the other to see"
    redis.client.delete("muster:send:lock")
    assert delivery_sender.send_due() == 1
    assert not redis.client.exists("muster:send:lock")


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
    delivery_sender.send_due()
    monkeypatch.undo()
    assert again(delivery).state is DeliveryState.SENT


def test_who_was_too_slow_to_stay_the_one_that_sends_leaves_it_to_who_is_now(
    platform: Platform, bot: Bot, task: Task
) -> None:
    delivery, client = make_delivery(task, bot), redis.client

    def meanwhile(_address: Address, _message: Message) -> None:
        client.set("muster:send:lock", "another", px=60_000)

    platform.answer = meanwhile
    delivery_sender.send_due()
    assert again(delivery).state is DeliveryState.SENT
    assert redis.client.get("muster:send:lock") == b"another"


@pytest.mark.parametrize("detail", ["a\0b", "a\ud800b"])
def test_words_that_postgres_cannot_hold_keep_nothing_from_being_marked(
    platform: Platform, bot: Bot, task: Task, detail: str
) -> None:
    delivery = make_delivery(task, bot)
    platform.answer = fails(DeliveryRefused(detail))
    delivery_sender.send_due()
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
    monkeypatch.setattr(delivery_sender, "CLAIMING_SECONDS", 30.0)
    assert delivery_sender.send_due() == 50
    assert [again(each).error for each in hanging + quick] == [None] * 50
    assert {again(each).state for each in hanging + quick} == {DeliveryState.SENT}
    before = [a for a, _ in platform.sent if a.app_id == slow.app_id]
    assert len(before) == 10


def test_what_takes_too_long_is_left_to_the_next_job(
    platform: Platform, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_sender, "CLAIMING_SECONDS", 0.0)
    make_delivery(make_task(), bot)
    assert delivery_sender.send_due() == 0
    assert redis.client.llen("notify") == 1


def test_health_and_counts_are_kept(platform: Platform, bot: Bot) -> None:
    make_delivery(make_task(), bot)
    delivery_sender.send_due()
    platform.answer = fails(DeliveryRefused("no"))
    make_delivery(make_task(), bot)
    delivery_sender.send_due()
    assert deliveries.count_tries()["slack", "sent"] == 1
    assert deliveries.count_tries()["slack", "died"] == 1
    assert deliveries.count_unsent()["slack", "dead"] == 1
