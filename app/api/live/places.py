"""How many streams a developer has open, over all processes: kept in Redis, lapsing by itself."""

import time
import uuid
from collections.abc import Iterable
from typing import NamedTuple

import structlog
from redis.exceptions import RedisError

from app.extensions import redis

PRESENT_SECONDS = 60

_ADMIT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], 120)
return 1
"""

log = structlog.get_logger(__name__)


class StreamPlace(NamedTuple):
    """One of a developer's streams."""

    developer_id: int
    id: str

    @property
    def key(self) -> str:
        return f"muster:streams:{self.developer_id}"


def take(developer_id: int, most: int) -> StreamPlace | None:
    """None where all are taken. Raises RedisError."""
    place, now = StreamPlace(developer_id, uuid.uuid4().hex), time.time()
    given = (now, now + PRESENT_SECONDS, place.id, most)
    return place if redis.client.eval(_ADMIT, 1, place.key, *given) else None


def keep(places: Iterable[StreamPlace]) -> None:
    """They are still taken."""
    lapses_at = time.time() + PRESENT_SECONDS
    with redis.client.pipeline(transaction=False) as pipe:
        for place in places:
            pipe.zadd(place.key, {place.id: lapses_at})
            pipe.expire(place.key, 120)
        pipe.execute()


def leave(place: StreamPlace) -> None:
    try:
        redis.client.zrem(place.key, place.id)
    except RedisError as error:  # it lapses
        log.warning("place_not_left", error=type(error).__name__)
