"""A developer's open streams, counted in Redis across all server processes."""

import time
import uuid
from collections.abc import Iterable
from typing import NamedTuple

import structlog
from redis.exceptions import RedisError

from app.extensions import redis
from app.redis import presence

TTL_SECONDS = 60  # how long a stream counts without renewal

log = structlog.get_logger(__name__)


class OpenStream(NamedTuple):
    """One of a developer's streams."""

    developer_id: int
    id: str

    @property
    def key(self) -> str:
        """Return the key of the developer's set of streams in Redis."""
        return f"muster:streams:{self.developer_id}"


def acquire(developer_id: int, most: int) -> OpenStream | None:
    """Return a new entry, or None if the developer already has `most`. Raises RedisError."""
    place = OpenStream(developer_id, uuid.uuid4().hex)
    command = presence.admit_command(place.id, {place.key: most}, time.time(), TTL_SECONDS)
    return place if redis.client.execute_command(*command) else None


def renew(places: Iterable[OpenStream]) -> None:
    """Extend the entries by TTL_SECONDS. Raises RedisError."""
    until = time.time() + TTL_SECONDS
    with redis.client.pipeline(transaction=False) as pipe:
        for place in places:
            for command in presence.renew_commands(place.id, [place.key], until):
                pipe.execute_command(*command)
        pipe.execute()


def release(place: OpenStream) -> None:
    """Release the entry. Raises nothing."""
    try:
        for command in presence.leave_commands(place.id, [place.key]):
            redis.client.execute_command(*command)
    except RedisError as error:  # it expires
        log.warning("stream_slot_not_released", error=type(error).__name__)
