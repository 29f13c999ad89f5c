"""Who is present is bounded, over all processes, and lapses by itself."""

import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from app.extensions import redis
from app.redis import presence

NOW = 1_800_000_000.0


@pytest.fixture
def key_prefix(app: Flask) -> str:
    return f"test:admission:{uuid.uuid4().hex}"


def run(*commands: presence.Command) -> list[Any]:
    return [redis.client.execute_command(*command) for command in commands]


def is_admitted(member: str, limits: dict[str, int], now: float = NOW) -> bool:
    return run(presence.admit_command(member, limits, now, 40)) == [1]


def present(room: str, now: float = NOW) -> int:
    return int(run(presence.count_command(room, now))[0])


def test_so_many_are_admitted_and_no_more(key_prefix: str) -> None:
    assert [is_admitted(member, {key_prefix: 2}) for member in "abc"] == [True, True, False]
    assert present(key_prefix) == 2


def test_who_is_refused_by_one_set_is_counted_in_none(key_prefix: str) -> None:
    full, free = f"{key_prefix}:full", f"{key_prefix}:free"
    assert is_admitted("a", {full: 1})
    for limits in ({full: 1, free: 9}, {free: 9, full: 1}):
        assert not is_admitted("b", limits)
    assert present(free) == 0


def test_each_set_has_its_own_limit(key_prefix: str) -> None:
    narrow, wide = f"{key_prefix}:narrow", f"{key_prefix}:wide"
    assert is_admitted("a", {wide: 2, narrow: 1})
    assert not is_admitted("b", {wide: 2, narrow: 1})
    assert is_admitted("b", {wide: 2})
    assert (present(wide), present(narrow)) == (2, 1)


def test_leaving_or_lapsing_frees_capacity_and_renewal_does_not(key_prefix: str) -> None:
    assert is_admitted("a", {key_prefix: 1})
    run(*presence.leave_commands("a", [key_prefix]))
    assert is_admitted("b", {key_prefix: 1})
    run(*presence.renew_commands("b", [key_prefix], NOW + 80))
    assert not is_admitted("c", {key_prefix: 1}, NOW + 79)
    assert (present(key_prefix, NOW + 79), present(key_prefix, NOW + 81)) == (1, 0)
    assert is_admitted("c", {key_prefix: 1}, NOW + 81)


def test_a_set_is_gone_when_nobody_renews_it(key_prefix: str) -> None:
    is_admitted("a", {key_prefix: 1})
    assert 40 < redis.client.ttl(key_prefix) <= 120
    redis.client.persist(key_prefix)
    run(*presence.renew_commands("a", [key_prefix], NOW + 80))
    assert 40 < redis.client.ttl(key_prefix) <= 120


def test_of_many_who_come_at_once_no_more_are_admitted(app: Flask, key_prefix: str) -> None:
    barrier, admitted = threading.Barrier(8), []

    def come(member: str) -> None:
        with app.app_context():
            barrier.wait()
            admitted.append(is_admitted(member, {key_prefix: 3}))

    callers = [threading.Thread(target=come, args=(str(n),)) for n in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(10)
    assert sorted(admitted) == [False] * 5 + [True] * 3
