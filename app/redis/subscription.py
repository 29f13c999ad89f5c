"""Subscriptions to Redis channels for the lifetime of the process."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

import redis
import structlog
from redis.exceptions import RedisError

from app import background_threads

RETRY_SECONDS = 1.0
MESSAGE_SECONDS = 5.0  # maximum wait for a message before the connection is checked

log = structlog.get_logger(__name__)


def listen(
    url: str,
    channels: Sequence[str],
    subscribed: Callable[[], None],
    hear: Callable[[dict[str, Any]], None],
) -> NoReturn:
    """Call `hear` with each message of the channels, over one connection, and never return.

    Redis stores nothing for absent subscribers. So `subscribed` is called after each new
    subscription: earlier messages may have been missed, and their source must be read. If either
    raises, only the connection is replaced: one message must not block all later ones.
    """
    once = partial(_listen_once, url, channels, subscribed, hear)
    while True:
        background_threads.run_logged(log, "wakeups_not_received", once, RedisError)
        time.sleep(RETRY_SECONDS)


def _listen_once(
    url: str,
    channels: Sequence[str],
    subscribed: Callable[[], None],
    hear: Callable[[dict[str, Any]], None],
) -> None:
    client = redis.Redis.from_url(url, socket_connect_timeout=2, health_check_interval=10)
    with client.pubsub() as subscription:
        subscription.subscribe(*channels)
        while True:
            message = subscription.get_message(timeout=MESSAGE_SECONDS)
            if message is None:
                continue
            if message["type"] == "message":
                hear(message)
            # Redis counts the channels. Until it has confirmed them all, a message may be missed;
            # and the client resubscribes by itself after it has reconnected.
            elif message["type"] == "subscribe" and message["data"] == len(channels):
                subscribed()
