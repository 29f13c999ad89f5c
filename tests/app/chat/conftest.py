"""A fake Slack and a fake Lark with a bot of ours in each, and jobs that run when they are sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app import jobs, wakeups
from app.chat import lark as lark_client
from app.domain.chat import BotPlatform
from app.extensions import db
from app.models import Bot
from app.services import encryption
from tests.app.chat.platforms import Lark, Slack
from tests.factories import make_bot


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    fake = Slack()
    with fake.running() as server:
        monkeypatch.setenv("MUSTER_SLACK_API", f"{server.url}/api")
        yield fake


@pytest.fixture
def lark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lark]:
    fake = Lark()
    with fake.running() as server:
        monkeypatch.setenv("MUSTER_LARK_API", server.url)
        monkeypatch.setattr(lark_client, "_tokens", lark_client._TokenCache())
        yield fake


@pytest.fixture
def slack_bot(app: Flask, slack: Slack) -> Bot:
    return a_slack_bot()


@pytest.fixture
def lark_bot(app: Flask, lark: Lark) -> Bot:
    return a_lark_bot()


def a_slack_bot(**given: Any) -> Bot:
    return make_bot(
        app_id=Slack.APP,
        app_secret=encryption.encrypt(Slack.TOKEN),
        webhook_token=encryption.encrypt(Slack.SECRET),
        **given,
    )


def a_lark_bot(**given: Any) -> Bot:
    secrets = {
        "app_secret": encryption.encrypt(Lark.SECRET),
        "webhook_token": encryption.encrypt(Lark.TOKEN),
        "encrypt_key": encryption.encrypt(Lark.KEY),
    }
    return make_bot(platform=BotPlatform.LARK, app_id=Lark.APP, **{**secrets, **given})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the events that jobs were sent for; nobody works on them."""
    ids: list[int] = []
    monkeypatch.setattr(wakeups, "enqueue_chat_event", ids.append)
    return ids


@pytest.fixture
def work(sent: list[int]) -> Callable[[], None]:
    """Runs the jobs that were sent since the last time."""

    def all_of_them() -> None:
        while sent:
            jobs.process_chat_event(sent.pop(0))
            db.session.expire_all()

    return all_of_them


@pytest.fixture
def notify() -> Callable[[], None]:
    """Runs the jobs that tell people what has happened."""

    def all_of_it() -> None:
        jobs.expand_outbox()
        jobs.send_deliveries()
        db.session.expire_all()

    return all_of_it
