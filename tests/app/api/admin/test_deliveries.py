"""/api/admin/deliveries: what could not be sent, why, and once more."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.chat import senders
from app.chat.senders import Address, DeliveryRefused, Message
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryState
from app.domain.roles import SystemRole
from app.extensions import db, redis
from app.models import AuditEntry, Delivery
from app.services import encryption
from app.services.notify import delivery_sender
from tests.factories import make_binding, make_bot, make_delivery, make_developer, make_task

PATH = "/api/admin/deliveries"
MARK = "Xyzzy4711"


@pytest.fixture
def headers(app: Flask, login: Callable[[Any], Any]) -> dict[str, str]:
    headers: dict[str, str] = login(make_developer(role=SystemRole.ADMIN))
    return headers


def test_dead_letters_are_listed_with_the_platforms_own_words(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    bot, task = make_bot(name="Deploys"), make_task()
    make_delivery(task, bot, chat_id="C1", state=DeliveryState.SENT)
    words = {"error": "channel_not_found", "attempts": 2}
    dead = make_delivery(task, bot, chat_id="C1", state=DeliveryState.DEAD, **words)
    page = client.get(PATH, query_string={"state": "dead"}, headers=headers).json
    [item] = page["items"]
    assert item == {
        "id": dead.id,
        "state": "dead",
        "action": "post",
        "kind": "task_completed",
        "taskId": task.id,
        "botId": bot.id,
        "botName": "Deploys",
        "platform": "slack",
        "chatId": "C1",
        "developerId": None,
        "attempts": 2,
        "error": "channel_not_found",
        "dueAt": item["dueAt"],
        "createdAt": item["createdAt"],
        "doneAt": None,
    }


def test_the_list_can_be_of_one_bot_and_goes_on_at_its_cursor(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    bot = make_bot()
    mine = [make_delivery(make_task(), bot).id for _ in range(3)]
    make_delivery(make_task(), make_bot())
    seen: list[int] = []
    query: dict[str, Any] = {"botId": bot.id, "limit": 2}
    while "cursor" not in query or query["cursor"]:
        page = client.get(PATH, query_string=query, headers=headers).json
        seen += [item["id"] for item in page["items"]]
        query["cursor"] = page["nextCursor"]
    assert seen == mine[::-1]
    bad = client.get(PATH, query_string={"state": "lost"}, headers=headers)
    assert (bad.status_code, list(bad.json["errors"])) == (422, ["state"])


def test_a_dead_letter_is_tried_again_as_if_it_were_new(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    dead = make_delivery(make_task(), make_bot(), state=DeliveryState.DEAD, attempts=8)
    answer = client.post(f"{PATH}/{dead.id}/retry", headers=headers)
    assert (answer.json["state"], answer.json["attempts"]) == ("pending", 0)
    assert redis.client.llen("notify") == 1
    again = client.post(f"{PATH}/{dead.id}/retry", headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "delivery_not_dead")
    assert client.post(f"{PATH}/987654/retry", headers=headers).status_code == 404


def test_planted_secrets_appear_nowhere(
    client: FlaskClient,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A platform that repeats them, in its answer and in what a broken client raises."""
    url = f"https://{MARK}user:{MARK}pass@hooks.example.org/{MARK}path?key={MARK}query"

    def refuse(address: Address, message: Message, **_: object) -> None:
        words = f"{address.webhook_token} and {address.app_secret}: {MARK}path {MARK}query"
        if message.task_id % 2:
            raise DeliveryRefused(words)
        raise ValueError(words)

    monkeypatch.setattr(senders.webhook, "send", refuse)
    secrets = {
        "app_secret": encryption.encrypt(f"{MARK}-sign"),
        "webhook_token": encryption.encrypt(url),
    }
    bot = make_bot(platform=BotPlatform.WEBHOOK, app_id=None, **secrets)
    make_binding(bot)
    rows = [make_delivery(make_task(), bot) for _ in range(2)]
    assert delivery_sender.send_due() == 2
    for row in rows:
        db.session.refresh(row)
        row.state = DeliveryState.DEAD
    db.session.commit()
    answers = [client.get(path, headers=headers).text for path in (PATH, "/api/admin/bots")]
    answers += [client.post(f"{PATH}/{row.id}/retry", headers=headers).text for row in rows]
    answers.append(client.get("/metrics").text)
    stored = [repr((entry.action, entry.changes)) for entry in db.session.query(AuditEntry)]
    stored += [row.error or "" for row in db.session.query(Delivery)]
    output = capsys.readouterr()
    everything = [*answers, *stored, output.out, output.err, caplog.text]
    assert any("not_delivered" in text for text in everything)
    assert [text for text in everything if MARK in text] == []
