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
def room(app: Flask) -> str:
    return f"test:admission:{uuid.uuid4().hex}"


def run(*commands: presence.Command) -> list[Any]:
    return [redis.client.execute_command(*command) for command in commands]


def is_admitted(member: str, limits: dict[str, int], now: float = NOW) -> bool:
    return run(presence.admit(member, limits, now, 40)) == [1]


def present(room: str, now: float = NOW) -> int:
    return int(run(presence.count(room, now))[0])


def test_so_many_are_admitted_and_no_more(room: str) -> None:
    assert [is_admitted(member, {room: 2}) for member in "abc"] == [True, True, False]
    assert present(room) == 2


def test_who_is_refused_by_one_set_is_counted_in_none(room: str) -> None:
    full, free = f"{room}:full", f"{room}:free"
    assert is_admitted("a", {full: 1})
    for limits in ({full: 1, free: 9}, {free: 9, full: 1}):
        assert not is_admitted("b", limits)
    assert present(free) == 0


def test_each_set_has_its_own_limit(room: str) -> None:
    narrow, wide = f"{room}:narrow", f"{room}:wide"
    assert is_admitted("a", {wide: 2, narrow: 1})
    assert not is_admitted("b", {wide: 2, narrow: 1})
    assert is_admitted("b", {wide: 2})
    assert (present(wide), present(narrow)) == (2, 1)


def test_who_leaves_or_lapses_makes_room_and_who_is_renewed_does_not(room: str) -> None:
    assert is_admitted("a", {room: 1})
    run(*presence.leave("a", [room]))
    assert is_admitted("b", {room: 1})
    run(*presence.renew("b", [room], NOW + 80))
    assert not is_admitted("c", {room: 1}, NOW + 79)
    assert (present(room, NOW + 79), present(room, NOW + 81)) == (1, 0)
    assert is_admitted("c", {room: 1}, NOW + 81)


def test_a_set_is_gone_when_nobody_renews_it(room: str) -> None:
    is_admitted("a", {room: 1})
    assert 40 < redis.client.ttl(room) <= 120
    redis.client.persist(room)
    run(*presence.renew("a", [room], NOW + 80))
    assert 40 < redis.client.ttl(room) <= 120


def test_of_many_who_come_at_once_no_more_are_admitted(app: Flask, room: str) -> None:
    barrier, admitted = threading.Barrier(8), []

    def come(member: str) -> None:
        with app.app_context():
            barrier.wait()
            admitted.append(is_admitted(member, {room: 3}))

    callers = [threading.Thread(target=come, args=(str(n),)) for n in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(10)
    assert sorted(admitted) == [False] * 5 + [True] * 3
