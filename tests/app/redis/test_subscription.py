"""Who listens to a channel hears what comes, however often the connection or a message is bad."""

import contextlib
import queue
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.extensions import redis
from app.redis import subscription

SECONDS = 10.0


class Enough(BaseException):
    """Ends a thread that goes on whatever happens."""


class Ear:
    """A thread that listens to a channel, and what it is told, in order."""

    def __init__(self, url: str) -> None:
        self.url, self.channel = url, f"test:listening:{uuid.uuid4().hex}"
        self.on_subscribed: Callable[[], None] = lambda: None
        self.told: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Ear":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        redis.client.publish(self.channel, "enough")
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        with contextlib.suppress(Enough):
            channels = [f"{self.channel}:other", self.channel]
            subscription.listen(self.url, channels, self._subscribed, self._hear)

    def _subscribed(self) -> None:
        self.told.put("subscribed")
        self.on_subscribed()

    def _hear(self, message: dict[str, Any]) -> None:
        word = message["data"].decode()
        if word == "enough":
            raise Enough
        if word == "bad":
            raise ValueError(word)
        self.told.put(word)

    def next(self) -> str:
        return self.told.get(timeout=SECONDS)


@pytest.fixture
def ear(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Ear:
    monkeypatch.setattr(subscription, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(subscription, "MESSAGE_SECONDS", 0.1)
    return Ear(app.config["REDIS_URL"])


def test_what_is_said_before_is_looked_for_and_what_comes_after_is_heard_in_order(
    ear: Ear,
) -> None:
    with ear:
        assert ear.next() == "subscribed"
        for channel, word in (("", "one"), (":other", "two"), ("", "three")):
            redis.client.publish(ear.channel + channel, word)
        assert [ear.next() for _ in range(3)] == ["one", "two", "three"]


def test_a_message_that_nobody_understands_costs_none_that_comes_after(ear: Ear) -> None:
    with ear:
        assert ear.next() == "subscribed"
        redis.client.publish(ear.channel, "bad")
        assert ear.next() == "subscribed"  # what came meanwhile is looked for
        redis.client.publish(ear.channel, "good")
        assert ear.next() == "good"


def test_a_connection_that_is_lost_is_made_again(ear: Ear) -> None:
    with ear:
        for word in ("one", "two"):
            assert ear.next() == "subscribed"
            redis.client.publish(ear.channel, word)
            assert ear.next() == word
            assert redis.client.client_kill_filter(_type="pubsub")
        assert ear.next() == "subscribed"


def test_a_look_that_fails_is_repeated(ear: Ear) -> None:
    """What was missed has to be looked for: a subscription without that is not enough."""
    failures = iter([ValueError(), ValueError()])

    def look() -> None:
        if (error := next(failures, None)) is not None:
            raise error

    ear.on_subscribed = look
    with ear:
        assert [ear.next() for _ in range(3)] == ["subscribed"] * 3
        redis.client.publish(ear.channel, "good")
        assert ear.next() == "good"


def test_redis_may_be_away_when_it_begins(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    real, tried = subscription.redis.Redis.from_url, queue.Queue[str]()

    def later(url: str, **how: Any) -> Any:
        tried.put(url)
        monkeypatch.setattr(subscription.redis.Redis, "from_url", real)
        return real("redis://127.0.0.1:1", **how)

    monkeypatch.setattr(subscription.redis.Redis, "from_url", later)
    with ear:
        assert tried.get(timeout=SECONDS) == ear.url
        assert ear.next() == "subscribed"
