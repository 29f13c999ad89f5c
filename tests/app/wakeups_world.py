"""What tests of wake-ups share: commits of two kinds, and an ear for what is published."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import wakeups
from app.extensions import redis

HERE, THERE = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture(params=["app", "committed_app"])
def rows(request: pytest.FixtureRequest) -> Flask:
    """Commits that are savepoints of the test's transaction, and real ones."""
    app: Flask = request.getfixturevalue(request.param)
    return app


really = pytest.mark.parametrize("rows", ["committed_app"], indirect=True)


class Subscriber:
    """Hears what is published."""

    def __init__(self, subscription: Any) -> None:
        self._subscription = subscription
        self._subscription.subscribe(wakeups.MACHINES_CHANNEL, wakeups.CHANGES_CHANNEL)

    def received(self) -> list[tuple[str, str]]:
        """Since the last time: whatever was published before this call has come."""
        mark = uuid.uuid4().hex
        redis.client.publish(wakeups.CHANGES_CHANNEL, mark)
        found = []
        while (message := self._subscription.get_message(timeout=5)) is not None:
            if message["type"] != "message":
                continue
            if message["data"] == mark.encode():
                return found
            found.append((message["channel"].decode(), message["data"].decode()))
        raise AssertionError("nothing is heard")


@pytest.fixture
def subscriber(rows: Flask) -> Iterator[Subscriber]:
    with redis.client.pubsub() as subscription:
        yield Subscriber(subscription)


def channels_of(*machines: uuid.UUID) -> tuple[str, str]:
    return (wakeups.MACHINES_CHANNEL, " ".join(map(str, machines)))
