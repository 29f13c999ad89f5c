"""Requests are counted in each process, and processes tell each other."""

import uuid

import pytest
import redis

from app.redis.rate_limit import SharedRateLimit

NOON = 1_900_000_040.0  # twenty seconds into a minute


def rates(url: str, prefix: str) -> SharedRateLimit:
    return SharedRateLimit(redis.from_url(url), prefix)


@pytest.fixture
def prefix() -> str:
    return f"test:{uuid.uuid4().hex}"


def test_a_limit_is_reached_and_holds_until_the_next_minute(
    environment: dict[str, str], prefix: str
) -> None:
    mine = rates(environment["REDIS_URL"], prefix)
    standings = [mine.count("token", 3, NOON) for _ in range(4)]
    assert [standing.remaining for standing in standings] == [2, 1, 0, 0]
    assert [standing.is_exceeded for standing in standings] == [False, False, False, True]
    assert standings[-1].reset_seconds == 60 - NOON % 60
    assert not mine.count("another", 3, NOON).is_exceeded
    assert not mine.count("token", 3, NOON + 60).is_exceeded


def test_processes_count_together(environment: dict[str, str], prefix: str) -> None:
    one, two = (rates(environment["REDIS_URL"], prefix) for _ in range(2))
    for _ in range(6):
        one.count("token", 10, NOON)
    assert one.sync()
    assert two.count("token", 10, NOON).remaining == 9
    two.count("token", 10, NOON)
    assert two.sync()
    assert two.count("token", 10, NOON).remaining == 1
    assert not two.count("token", 10, NOON).is_exceeded
    assert two.count("token", 10, NOON).is_exceeded


def test_what_is_far_from_its_limit_is_told_to_nobody(
    environment: dict[str, str], prefix: str
) -> None:
    mine = rates(environment["REDIS_URL"], prefix)
    for _ in range(10):
        mine.count("token", 1000, NOON)
    assert not mine.sync()


def test_without_redis_each_process_goes_by_its_own_count(prefix: str) -> None:
    alone = rates("redis://127.0.0.1:1/0", prefix)
    assert [alone.count("token", 2, NOON).is_exceeded for _ in range(3)] == [False, False, True]
    with pytest.raises(redis.RedisError):
        alone.sync()
    assert alone.count("token", 2, NOON).is_exceeded
