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
    """Ends a thread that survives all errors."""


class Subscriber:
    """A thread that listens to a channel, and the received messages, in order."""

    def __init__(self, url: str) -> None:
        self.url, self.channel = url, f"test:listening:{uuid.uuid4().hex}"
        self.on_subscribed: Callable[[], None] = lambda: None
        self.told: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Subscriber":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        redis.client.publish(self.channel, "enough")
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def _listen(self) -> None:
        with contextlib.suppress(Enough):
            channels = [f"{self.channel}:other", self.channel]
            subscription.listen(self.url, channels, self._subscribed, self._on_message)

    def _subscribed(self) -> None:
        self.told.put("subscribed")
        self.on_subscribed()

    def _on_message(self, message: dict[str, Any]) -> None:
        word = message["data"].decode()
        if word == "enough":
            raise Enough
        if word == "bad":
            raise ValueError(word)
        self.told.put(word)

    def next(self) -> str:
        return self.told.get(timeout=SECONDS)


@pytest.fixture
def subscriber(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Subscriber:
    monkeypatch.setattr(subscription, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(subscription, "MESSAGE_SECONDS", 0.1)
    return Subscriber(app.config["REDIS_URL"])


def test_what_is_said_before_is_looked_for_and_what_comes_after_is_heard_in_order(
    subscriber: Subscriber,
) -> None:
    with subscriber:
        assert subscriber.next() == "subscribed"
        for channel, word in (("", "one"), (":other", "two"), ("", "three")):
            redis.client.publish(subscriber.channel + channel, word)
        assert [subscriber.next() for _ in range(3)] == ["one", "two", "three"]


def test_a_message_that_nobody_understands_costs_none_that_comes_after(
    subscriber: Subscriber,
) -> None:
    with subscriber:
        assert subscriber.next() == "subscribed"
        redis.client.publish(subscriber.channel, "bad")
        assert subscriber.next() == "subscribed"  # what came meanwhile is looked for
        redis.client.publish(subscriber.channel, "good")
        assert subscriber.next() == "good"


def test_a_connection_that_is_lost_is_made_again(subscriber: Subscriber) -> None:
    with subscriber:
        for word in ("one", "two"):
            assert subscriber.next() == "subscribed"
            redis.client.publish(subscriber.channel, word)
            assert subscriber.next() == word
            assert redis.client.client_kill_filter(_type="pubsub")
        assert subscriber.next() == "subscribed"


def test_a_look_that_fails_is_repeated(subscriber: Subscriber) -> None:
    """What was missed has to be looked for: a subscription without that is not enough."""
    failures = iter([ValueError(), ValueError()])

    def poll() -> None:
        if (error := next(failures, None)) is not None:
            raise error

    subscriber.on_subscribed = poll
    with subscriber:
        assert [subscriber.next() for _ in range(3)] == ["subscribed"] * 3
        redis.client.publish(subscriber.channel, "good")
        assert subscriber.next() == "good"


def test_redis_may_be_away_when_it_begins(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tried = subscription.redis.Redis.from_url, queue.Queue[str]()

    def later(url: str, **how: Any) -> Any:
        tried.put(url)
        monkeypatch.setattr(subscription.redis.Redis, "from_url", real)
        return real("redis://127.0.0.1:1", **how)

    monkeypatch.setattr(subscription.redis.Redis, "from_url", later)
    with subscriber:
        assert tried.get(timeout=SECONDS) == subscriber.url
        assert subscriber.next() == "subscribed"
