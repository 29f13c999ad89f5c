"""News of a stream: what they bring is taken only where it fits, and nothing hangs on them."""

import itertools
import threading
from typing import Any

import pytest
import redis

from app.terminals.frames import Resized
from app.terminals.stream import Entry, Stream
from muster.protocol import terminal as wire
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import wait_for


@pytest.fixture
def valkey(environment: dict[str, str]) -> "redis.Redis":
    return redis.Redis.from_url(environment["REDIS_URL"])


@pytest.mark.parametrize(
    ("end", "data", "is_here", "seen"),
    [
        pytest.param(12, b"cd", True, b"cd", id="what comes next"),
        pytest.param(10, b"ab", True, b"", id="what is here"),
        pytest.param(9, b"a", True, b"", id="what was here before"),
        pytest.param(14, b"ef", False, b"", id="what is behind a hole"),
        pytest.param(11, b"abc", False, b"", id="what begins before what is here"),
    ],
)
def test_a_piece_is_taken_only_where_it_follows(
    end: int, data: bytes, is_here: bool, seen: bytes
) -> None:
    stream = Stream((10, 0))
    assert stream.append_published((end, 0), data) is is_here
    assert b"".join(entry.data for entry in stream.entries_after((10, 0)) or []) == seen


def test_a_piece_follows_the_note_before_it() -> None:
    stream = Stream((10, 0))
    stream.add([Entry((10, 1), b"", Resized(80, 24))])
    assert stream.append_published((12, 0), b"cd")
    assert [entry.id for entry in stream.entries_after((10, 0)) or []] == [(10, 1), (12, 0)]


def test_what_is_read_after_news_have_brought_it_is_not_there_twice() -> None:
    stream = Stream((10, 0))
    stream.append_published((12, 0), b"cd")
    stream.add([Entry((12, 0), b"cd", None), Entry((13, 0), b"e", None)])
    assert b"".join(entry.data for entry in stream.entries_after((10, 0)) or []) == b"cde"


def test_news_that_are_cut_off_again_and_again_lose_no_byte_and_no_key(
    scene: Scene, right: str, valkey: Any
) -> None:
    viewer = scene.view(url=right)
    machine = scene.open()
    viewer.get_ready()
    is_over = threading.Event()

    def cut() -> None:
        while not is_over.wait(0.02):
            valkey.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        printed, typed = b"", b""
        for number in range(60):
            word = b"%d " % number
            printed, typed = printed + word, typed + word
            end = machine.print(word)
            viewer.press(word)
        assert viewer.wait_for_offset(end, 30) == printed
        wait_for(lambda: bytes(machine.typed) == typed, 30)
    finally:
        is_over.set()
        cutting.join()
    assert viewer.gaps == []


def test_a_resize_stays_between_the_bytes_it_came_between(scene: Scene, right: str) -> None:
    viewer = scene.view(url=right)
    machine = scene.open()
    viewer.get_ready()
    at: list[int] = []
    hear = viewer.receive

    def noting(seconds: float) -> None:
        hear(seconds)
        while any(isinstance(frame, wire.Resize) for frame in viewer.inbox):
            viewer.wait_for(wire.Resize)
            at.append(viewer.offset)

    viewer.receive = noting  # type: ignore[method-assign]
    offsets = []
    for cols in itertools.islice(itertools.count(20), 50):
        end = machine.print(b"x")
        machine.resize(cols, 10)
        offsets.append(end)
    end = machine.print(b"y")
    viewer.wait_for_offset(end)
    assert at[-50:] == offsets


def test_a_socket_that_has_not_heard_of_a_newer_one_finds_out(scene: Scene, valkey: Any) -> None:
    older, _ = scene.both()
    state = f"muster:terminal:{scene.task.id}-1:state"
    assert valkey.hget(state, "owner")
    valkey.hset(state, "owner", "a newer one, whose word was lost")
    assert wait_for(lambda: older.code, 30) == wire.CloseCode.REPLACED
    assert valkey.hget(state, "owner") == b"a newer one, whose word was lost"
