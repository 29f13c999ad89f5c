"""Exactly the bytes: after a cut, past a slow viewer, over a gap, and when Redis forgets all."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from app.terminals import cursor
from muster.protocol import frames
from muster.protocol import terminal as wire
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import small_socket, wait_for

KEPT = 2 << 20


def numbered(start: int, size: int) -> bytes:
    """Bytes that say where they are."""
    lines = b"".join(b"%011d\n" % number for number in range(start, start + size, 12))
    return lines[:size]


def test_a_viewer_comes_back_to_the_very_byte(scene: Scene) -> None:
    machine, viewer = scene.both()
    before = viewer.wait_for_offset(machine.print(b"one two "))
    viewer.cut()
    machine.print(b"three ")
    again = scene.view(resume_from=viewer.offset).get_ready()
    end = machine.print(b"four")
    assert before + again.wait_for_offset(end) == b"one two three four"
    assert (again.start, again.gaps, again.screens) == (viewer.offset, [], [])


def test_a_viewer_comes_back_in_the_middle_of_a_character(scene: Scene, right: str) -> None:
    machine, viewer = scene.both()
    text = "grüße, 世界 🙂".encode()
    seen = viewer.wait_for_offset(machine.print(text[:3], size=1))
    viewer.cut()
    end = machine.print(text[3:], size=1)
    for split in range(len(seen), len(text)):
        again = scene.view(resume_from=split, url=right).get_ready()
        assert again.wait_for_offset(end) == text[split:]
        again.close()


def test_a_late_viewer_gets_the_screen_of_now_and_not_what_came_before(scene: Scene) -> None:
    machine, first = scene.both()
    first.wait_for_offset(machine.print(os.urandom(300_000)))
    late = scene.view(scene.member, "watch").get_ready()
    assert (late.start, late.wait_for(wire.Screen).offset) == (300_000, 300_000)
    assert late.wait_for_offset(machine.print(b"on")) == b"on"


def test_many_who_come_at_once_cost_few_screens(scene: Scene) -> None:
    machine, _ = scene.both()
    before = machine.snapshots
    hold = threading.Event()
    machine.screen = lambda: str(hold.wait(0.5))
    viewers = [scene.view(scene.member, "watch") for _ in range(5)]
    for viewer in viewers:
        viewer.get_ready()
    assert machine.snapshots - before < 5


def test_what_has_left_the_stream_is_a_gap_that_says_exactly_what(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"seen"))
    viewer.cut()
    end = machine.print(numbered(4, 2 * KEPT))
    again = scene.view(resume_from=4).get_ready()
    assert again.wait_for(wire.Gap) == wire.Gap(start=4, end=end)
    assert again.wait_for(wire.Screen).offset == end
    assert again.wait_for_offset(machine.print(b"after"))[-5:] == b"after"


def test_what_the_machine_lost_is_a_gap(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"before"))
    machine.skip(1000)
    end = machine.print(b"after")
    gap = viewer.wait_for(wire.Gap)
    assert gap.start == 6
    assert gap.end >= 1006
    viewer.wait_for_offset(end)


def test_what_the_machine_lost_is_a_gap_before_it_prints_again(scene: Scene) -> None:
    """Its program may have lost the prompt that it waits at."""
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"before"))
    machine.skip(1000)
    assert viewer.wait_for(wire.Gap) == wire.Gap(start=6, end=1006)
    assert viewer.wait_for_offset(machine.print(b"after"))[-5:] == b"after"


@pytest.mark.parametrize("first", ["viewer", "machine"])
def test_who_comes_back_when_redis_holds_nothing_any_more_sees_the_screen_of_now(
    scene: Scene, valkey: Any, first: str
) -> None:
    """As after minutes at which nobody looked, while the program printed and now waits."""
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"before"))
    viewer.cut()
    machine.close()
    wait_for(lambda: not viewers_of(scene, valkey))
    for key in valkey.scan_iter(f"muster:terminal:{scene.task.id}-*"):
        valkey.delete(key)
    if first == "viewer":
        again = scene.view(resume_from=6)
        scene.open_again(end=1006)
    else:
        scene.open_again(end=1006)
        again = scene.view(resume_from=6)
    again.get_ready()
    assert again.wait_for(wire.Gap) == wire.Gap(start=6, end=1006)
    assert again.wait_for(wire.Screen).offset == 1006


def viewers_of(scene: Scene, valkey: Any) -> int:
    return int(valkey.zcard(f"muster:terminal:task:{scene.task.id}"))


def test_a_flood_reaches_a_viewer_whole_or_with_gaps_that_say_what_is_missing(
    scene: Scene, right: str
) -> None:
    machine, viewer = scene.both(url=right)
    flood = numbered(0, 24 << 20)
    sender = threading.Thread(target=machine.print, args=(flood,))
    sender.start()
    seen = viewer.wait_for_offset(len(flood), 60)
    sender.join()
    at = 0
    for start, end in [*viewer.gaps, (len(flood), len(flood))]:
        assert seen[at:start] == flood[at:start]
        at = end


def test_a_flood_waits_for_a_viewer_who_takes_all_of_it_but_not_at_once(scene: Scene) -> None:
    """A machine sends several times as fast as this one reads, and Redis keeps 2 MiB."""
    machine, viewer = scene.both()
    flood = numbered(0, 12 << 20)
    sender = threading.Thread(target=machine.print, args=(flood,))
    sender.start()
    while viewer.offset < len(flood):
        viewer.wait_for_offset(min(viewer.offset + (256 << 10), len(flood)))
        time.sleep(0.02)  # the reader dawdles
    sender.join()
    assert sum(end - start for start, end in viewer.gaps) < len(flood) // 4


def test_whoever_is_lost_again_and_again_has_a_screen_drawn_now_and_then(scene: Scene) -> None:
    """As on a slow line in a flood, which everybody else would be kept from meanwhile."""
    machine, viewer = scene.both()
    wait_for(lambda: machine.snapshots == 1)
    began, times = time.monotonic(), 3
    for _ in range(times):
        machine.skip(1000)
        viewer.wait_for(wire.Gap)
    assert machine.snapshots == 1 + times
    assert time.monotonic() - began > (times - 1) * cursor.MIN_SCREEN_INTERVAL_SECONDS


def test_a_viewer_who_waits_for_a_screen_is_not_waited_for(scene: Scene, valkey: Any) -> None:
    """The screen comes behind the bytes that would wait."""
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(numbered(0, 1 << 20)))
    how_far = f"muster:terminal:{scene.task.id}-1:read"
    wait_for(lambda: valkey.hlen(how_far) == 1)
    drawn = threading.Event()
    machine.screen = lambda: str(drawn.wait(20))
    machine.skip(1000)
    machine.print(b"after")
    wait_for(lambda: not valkey.exists(how_far))
    drawn.set()
    assert viewer.wait_for(wire.Gap).start == 1 << 20


def test_a_flood_of_100_megabytes_does_not_starve_the_control_channel(scene: Scene) -> None:
    """All of it goes through one server process."""
    machine, viewer = scene.both()
    size = 100 << 20
    sender = threading.Thread(target=machine.print, args=(bytes(size),))
    watcher = threading.Thread(target=viewer.wait_for_offset, args=(size, 100))
    began = time.monotonic()
    sender.start()
    watcher.start()
    answers = []
    while watcher.is_alive():
        asked, beat = time.monotonic(), scene.machine.beat()
        scene.machine.wait_for(frames.HeartbeatAck, lambda ack, beat=beat: ack.number == beat, 60)
        answers.append(time.monotonic() - asked)
    sender.join()
    assert viewer.offset == size
    # A busy machine stretches both: were one kept waiting, it would wait for the whole flood.
    assert max(answers) < max(1.0, (time.monotonic() - began) / 4)


def test_a_stalled_viewer_keeps_nobody_and_gets_a_gap(scene: Scene) -> None:
    machine, viewer = scene.both()
    stalled = scene.view(scene.member, "watch", sock=small_socket(scene.url), max_queue=1)
    stalled.get_ready()
    flood = numbered(0, 24 << 20)
    sender = threading.Thread(target=machine.print, args=(flood,))
    sender.start()
    viewer.wait_for_offset(len(flood), 60)
    sender.join()
    seen = stalled.wait_for_offset(len(flood), 60)
    assert stalled.gaps
    at = 0
    for start, end in [*stalled.gaps, (len(flood), len(flood))]:
        assert seen[at:start] == flood[at:start]
        at = end


def test_a_machine_that_dials_again_goes_on_without_a_hole_or_a_double(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"one two "))
    machine.close()
    again = scene.open_again(end=4)
    assert again.ready.offset == 8
    end = again.print(b"two three", size=9)  # four bytes of it are there already
    assert viewer.wait_for_offset(end) == b"one two three"
    assert viewer.gaps == []


def test_the_older_of_two_sockets_gives_way(scene: Scene, right: str) -> None:
    older, viewer = scene.both()
    newer = scene.open_again(url=right)
    assert wait_for(lambda: older.code) == wire.CloseCode.REPLACED
    viewer.press(b"x")
    wait_for(lambda: newer.typed == b"x")
    assert newer.code is None


@pytest.fixture
def valkey(environment: dict[str, str]) -> "redis.Redis":
    return redis.Redis.from_url(environment["REDIS_URL"])


def test_when_redis_forgets_all_bytes_go_on(scene: Scene, right: str, valkey: Any) -> None:
    machine, viewer = scene.both(url=right)
    viewer.wait_for_offset(machine.print(b"before"))
    valkey.flushall()
    end = machine.print(b" after")
    assert viewer.wait_for_offset(end)[-6:] == b" after"
    viewer.press(b"still")
    wait_for(lambda: machine.typed == b"still")
    late = scene.view(scene.member, "watch").get_ready()
    assert late.wait_for_offset(machine.print(b"!")) == b"!"


def test_every_key_expires(scene: Scene, valkey: Any) -> None:
    machine, viewer = scene.both()
    viewer.press(b"x")
    viewer.wait_for_offset(machine.print(b"x"))
    keys = list(valkey.scan_iter("muster:terminal:*"))
    assert len(keys) >= 6
    assert {key: valkey.ttl(key) for key in keys if valkey.ttl(key) == -1} == {}


def test_a_stream_holds_two_mebibytes_however_much_was_printed(scene: Scene, valkey: Any) -> None:
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"x" * (5 << 20)), 30)
    size = valkey.memory_usage(f"muster:terminal:{scene.task.id}-1:out", samples=0)
    assert size < KEPT + (1 << 20)


def test_redis_connections_do_not_grow_with_sockets(
    scene: Scene, make_scene: Callable[[str], Scene], left: str, valkey: Any
) -> None:
    scene.both()
    before = len(valkey.client_list())
    for _ in range(5):
        other = make_scene(left)
        machine, viewer = other.both()
        viewer.press(b"x")
        viewer.wait_for_offset(machine.print(b"y"))
    assert len(valkey.client_list()) <= before + 1  # the API's own pool may have grown
