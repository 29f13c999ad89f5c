"""What cannot be sent: tried again, given up, or no longer meant for anybody."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.chat.senders import DeliveryRefused, RetryLater
from app.domain.delivery import FAILURE_THRESHOLD, CircuitBreaker, DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Bot, BotHealth, Delivery, Developer, Project, ProjectMember, Task
from app.services import settings
from app.services.clock import now
from app.services.notify import bindings, bots, deliveries, delivery_sender
from app.services.notify.deliveries import DeliveryResult
from app.services.project_deletion import deletion
from tests.app.services.notify.sending_world import GATE, MESSAGE, Platform, again, fails, make_due
from tests.factories import (
    make_bot,
    make_delivery,
    make_developer,
    make_outbox_entry,
    make_project,
    make_task,
)

# ---- failures ------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_later_up_to_a_number_and_then_given_up(
    platform: Platform, bot: Bot, task: Task
) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"deliveryAttempts": 3})
    platform.answer = fails(RetryLater("HTTP 500 from the platform"))
    delivery = make_delivery(task, bot)
    for tries in (1, 2, 3):
        make_due(delivery)
        assert delivery_sender.send_due() == 1
        assert again(delivery).attempts == tries
    assert (delivery.state, delivery.error) == (DeliveryState.DEAD, "HTTP 500 from the platform")
    assert delivery_sender.send_due() == 0


def test_a_refusal_is_final_and_in_the_platforms_own_words(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(DeliveryRefused("channel_not_found"))
    delivery = make_delivery(task, bot)
    delivery_sender.send_due()
    assert (again(delivery).state, delivery.error) == (DeliveryState.DEAD, "channel_not_found")


def test_who_asks_to_be_left_alone_is_with_all_that_is_for_them(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(RetryLater("HTTP 429", after=30.0))
    delivery = make_delivery(task, bot)
    began = now()
    delivery_sender.send_due()
    assert again(delivery).due_at >= began + timedelta(seconds=30)
    platform.answer = lambda _address, _message: None
    other = make_delivery(make_task(), bot)
    assert delivery_sender.send_due() == 0
    make_due(other)
    assert delivery_sender.send_due() == 1, "the rest is over"


def test_a_bot_that_fails_again_and_again_is_left_alone_and_then_tried_by_one(
    platform: Platform, bot: Bot
) -> None:
    platform.answer = fails(RetryLater("timed out"))
    all_of_it = [make_delivery(make_task(), bot) for _ in range(20)]
    delivery_sender.send_due()
    tried = len(platform.sent)
    # Those that were on their way when the circuit opened came to their ends.
    assert FAILURE_THRESHOLD <= tried < FAILURE_THRESHOLD + delivery_sender.MAX_PER_BOT
    assert delivery_sender.send_due() == 0
    for delivery in all_of_it:
        make_due(delivery)
    assert delivery_sender.send_due() == 1, "a probe"
    platform.answer = lambda _address, _message: None
    for delivery in all_of_it:
        make_due(delivery)
    delivery_sender.send_due()
    assert {again(delivery).state for delivery in all_of_it} == {DeliveryState.SENT}


def test_what_nobody_expected_is_told_by_its_kind_alone(
    platform: Platform, bot: Bot, task: Task
) -> None:
    platform.answer = fails(KeyError("Xyzzy4711 in some text"))
    delivery = make_delivery(task, bot)
    delivery_sender.send_due()
    assert (again(delivery).state, delivery.error) == (DeliveryState.PENDING, "KeyError")


NOT_MEANT = "not sent: the recipient no longer has access"


def test_an_unbound_channel_is_not_notified(platform: Platform, bot: Bot, task: Task) -> None:
    delivery = make_delivery(task, bot)
    admin = make_developer(role=SystemRole.ADMIN)
    bindings.remove(admin, bot.id, platform_chat_id=delivery.chat_id)
    delivery_sender.send_due()
    assert platform.sent == []
    assert (again(delivery).state, delivery.error) == (DeliveryState.DEAD, NOT_MEANT)
    assert db.session.get_one(BotHealth, bot.id).failures == 0


def test_a_channel_of_a_deleted_project_gets_no_more_messages_but_its_cards_are_closed(
    platform: Platform, bot: Bot
) -> None:
    task = make_task(status=TaskStatus.COMPLETED)
    news = make_delivery(task, bot)
    asked = make_outbox_entry(
        task, kind=NotificationType.GATE_OPENED, content={**MESSAGE, "gate": GATE}
    )
    card = make_delivery(task, bot, entry=asked, state=DeliveryState.SENT, ref="C1:7")
    edit = make_delivery(task, bot, action=DeliveryAction.EDIT, card_id=card.id)
    admin = make_developer(role=SystemRole.ADMIN)
    key = db.session.get_one(Project, task.project_id).key
    deletion.delete(admin, key)
    delivery_sender.send_due()
    delivery_sender.send_due()
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
    delivery_sender.send_due()
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
    mark = DeliveryResult(held[0].id, held[0].attempts, DeliveryState.SENT, now(), "C1:1")
    deliveries.store_results([(held[0].bot_id, mark)], {held[0].bot_id: CircuitBreaker()}, now())
    assert delivery_sender.send_due() == 1
    assert db.session.get(Delivery, gone) is None
    assert again(second).state is DeliveryState.SENT


def test_secrets_under_a_lost_key_wait_for_the_key(
    platform: Platform, task: Task, app: Flask
) -> None:
    delivery = make_delivery(task, make_bot(app_secret="gAAAAnot-ours"))
    delivery_sender.send_due()
    assert (again(delivery).state, platform.sent) == (DeliveryState.PENDING, [])
    assert "ENCRYPTION_KEYS" in (delivery.error or "")
