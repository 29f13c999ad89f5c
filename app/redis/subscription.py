"""Listening to Redis channels for as long as the process lives."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

import redis
import structlog
from redis.exceptions import RedisError

from app import background_threads

RETRY_SECONDS = 1.0
MESSAGE_SECONDS = 5.0  # how long one is waited for before the connection is looked at

log = structlog.get_logger(__name__)


def listen(
    url: str,
    channels: Sequence[str],
    subscribed: Callable[[], None],
    hear: Callable[[dict[str, Any]], None],
) -> NoReturn:
    """Call `hear` with each message of the channels, over one connection, and never return.

    Redis keeps nothing for those who do not listen. So `subscribed` is called each time that the
    channels are listened to anew: what was published before may have been missed, and has to be
    looked for where it stands. Whatever either raises costs a new connection, and nothing more: one
    message must not keep all that come after it from being heard.
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
            # Redis counts the channels. Before it has confirmed them all a message may be missed;
            # and the client subscribes by itself on a connection that it has made again.
            elif message["type"] == "subscribe" and message["data"] == len(channels):
                subscribed()
