"""POST /api/admin/bots/:id/test: it sends a message and reports the result as text."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.chat import senders
from app.domain.chat import BotPlatform
from app.extensions import db
from app.models import Bot, Developer
from app.services import encryption
from app.services.notify import bot_test, delivery_sender
from tests.app.api.admin.bots_world import PATH, actions, admin, boss
from tests.app.chat.loopback import HOSTS, Reply, serving
from tests.app.chat.platforms import Slack
from tests.factories import make_binding, make_bot

__all__ = ["admin", "boss"]

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    fake = Slack()
    with fake.running() as server:
        monkeypatch.setenv("MUSTER_SLACK_API", f"{server.url}/api/")
        yield fake


@pytest.fixture
def bot(app: Flask) -> Bot:
    return make_bot(app_secret=encryption.encrypt(Slack.TOKEN))


def try_out(client: FlaskClient, admin: dict[str, str], bot: Bot, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{PATH}/{bot.id}/test", json=body, headers=admin)
    assert answer.status_code == 200, answer.json
    result: dict[str, Any] = answer.json
    return result


def test_a_channel_gets_a_message_and_the_admin_sees_that_it_was_accepted(
    client: FlaskClient, admin: dict[str, str], slack: Slack, bot: Bot, boss: Developer
) -> None:
    make_binding(bot, platform_chat_id="C1")
    make_binding(bot, platform_chat_id="C2")
    result = try_out(client, admin, bot)
    assert result == {
        "sent": True,
        "detail": "Slack accepted it, for C1.",
        "advice": None,
        "chatId": "C1",
        "milliseconds": result["milliseconds"],
    }
    (message,) = slack.said
    assert message["channel"] == "C1"
    assert boss.name in message["text"]
    assert actions() == ["bot.tested"]


def test_a_named_chat_precedes_ones_own_account_and_that_precedes_channels(
    client: FlaskClient, admin: dict[str, str], slack: Slack, bot: Bot, boss: Developer
) -> None:
    make_binding(bot, platform_chat_id="C1")
    boss.platform_uid = "slack:U7"
    db.session.commit()
    assert try_out(client, admin, bot)["chatId"] == "U7"
    assert try_out(client, admin, bot, chatId="C9")["chatId"] == "C9"
    assert [message["channel"] for message in slack.said] == ["U7", "C9"]


def test_a_bot_that_has_nobody_to_write_to_says_so(
    client: FlaskClient, admin: dict[str, str], bot: Bot
) -> None:
    result = try_out(client, admin, bot)
    assert (result["sent"], result["chatId"]) == (False, None)
    assert "no chat" in result["detail"]
    assert "Bind one of the bot's chats" in result["advice"]
    assert actions() == []


def test_what_is_refused_comes_with_what_to_mend_and_without_the_secret(
    client: FlaskClient, admin: dict[str, str], slack: Slack, bot: Bot
) -> None:
    bot.app_secret = encryption.encrypt("xoxb-Xyzzy4711")
    db.session.commit()
    slack.knob = lambda _: Reply(body=b'{"ok": false, "error": "invalid_auth xoxb-Xyzzy4711"}')
    result = try_out(client, admin, bot, chatId="C1")
    assert result["sent"] is False
    assert result["detail"] == "Slack: invalid_auth …"
    assert "OAuth & Permissions" in result["advice"]


def webhook(url: str) -> Bot:
    sealed = {"app_secret": encryption.encrypt("s3cret"), "webhook_token": encryption.encrypt(url)}
    return make_bot(platform=BotPlatform.WEBHOOK, app_id=None, **sealed)


def test_a_webhook_is_told_that_it_is_a_test(
    client: FlaskClient, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_sender, "allowed_hosts", lambda: HOSTS)
    with serving() as server:
        bot = webhook(f"{server.url}/hook")
        result = try_out(client, admin, bot, chatId="ignored")
    assert result["detail"] == "The receiver accepted it."
    assert result["chatId"] is None
    (request,) = server.asked
    body = json.loads(request.body)
    assert (body["type"], body["botId"]) == ("test", bot.id)
    assert request.headers["muster-delivery"] == body["deliveryId"]
    assert request.headers["muster-signature"].startswith("t=")


def test_the_inside_is_not_reached_by_trying_it(client: FlaskClient, admin: dict[str, str]) -> None:
    with serving() as server:
        result = try_out(client, admin, webhook(f"https://127.0.0.1:{server.port}/"))
    assert result["sent"] is False
    assert "notifyAllowedHosts" in result["advice"]
    assert server.asked == []


def test_a_platform_that_never_ends_is_left_behind(
    client: FlaskClient, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch, bot: Bot
) -> None:
    over = threading.Event()
    monkeypatch.setattr(senders, "send_text", lambda *_, **__: over.wait())
    monkeypatch.setattr(bot_test, "TIMEOUT_SECONDS", 0.1)
    result = try_out(client, admin, bot, chatId="C1")
    over.set()
    assert result["detail"] == "no response within 0.1 s"
    assert "firewalls" in result["advice"]


def test_secrets_under_a_lost_key_are_told_as_that(
    client: FlaskClient, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch, bot: Bot
) -> None:
    def lost(_: str) -> str:
        raise encryption.KeyMissing

    monkeypatch.setattr(encryption, "decrypt", lost)
    assert "ENCRYPTION_KEYS" in try_out(client, admin, bot, chatId="C1")["detail"]


def test_nobody_tries_out_without_end(client: FlaskClient, admin: dict[str, str], bot: Bot) -> None:
    path = f"{PATH}/{bot.id}/test"
    answers = [client.post(path, headers=admin) for _ in range(bot_test.MAX_TESTS_PER_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [200] * bot_test.MAX_TESTS_PER_MINUTE + [
        429
    ]
    assert answers[-1].json["code"] == "too_many_requests"
    assert int(answers[-1].headers["Retry-After"]) <= 60


def test_a_bot_that_is_not_there_is_404(client: FlaskClient, admin: dict[str, str]) -> None:
    assert client.post(f"{PATH}/424242/test", json={}, headers=admin).status_code == 404
