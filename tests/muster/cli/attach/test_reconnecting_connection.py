"""A connection to a terminal: wherever it's cut, no byte of output is lost."""

from collections.abc import Callable, Iterator
from contextlib import closing
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.cli.attach import retry
from muster.cli.attach.dial import DialRequest, DialResult, Unreachable
from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.attach.reconnecting_connection import ReconnectingConnection
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.muster.cli.attach.far_end import FarEnd, Server, dialled, ready, screen


class RecordingListener:
    """A connection's events. `shown` has the bytes, with screens and starts in their order."""

    def __init__(self) -> None:
        self.shown: list[bytes | str] = []
        self.frames: list[wire.TerminalFrame] = []
        self.cuts: list[str] = []
        self.comings = 0

    @property
    def bytes(self) -> bytes:
        return b"".join(part for part in self.shown if isinstance(part, bytes))

    def on_ready(self, ready: wire.ViewerReady) -> None:
        self.shown.append(f"attempt {ready.attempt}")

    def on_output(self, data: bytes) -> None:
        self.shown.append(data)

    def on_screen(self, screen: wire.Screen) -> None:
        self.shown.append(screen.data)

    def on_resized(self) -> None:
        pass

    def on_reconnected(self) -> None:
        self.comings += 1

    def on_disconnected(self, why: str) -> None:
        self.cuts.append(why)

    def on_frame(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None:
        self.frames.append(frame)


class World:
    """A connection and all its far ends, in order."""

    def __init__(
        self, answer: Callable[[DialRequest], DialResult] | None = None, **options: object
    ) -> None:
        self.ends: list[FarEnd] = []
        self.ear = RecordingListener()
        self.server = Server(answer or self._answer)
        self.line = ReconnectingConnection(42, self.server, self.ear, **options)  # type: ignore[arg-type]

    def begin(self) -> FarEnd:
        """Make the connection live at offset 0."""
        self.line.restart()
        self.turn()
        self.ends[0].queue_frames(ready(0), screen(0))
        self.ends[0].send()
        self.turn()
        return self.ends[0]

    def turn(self) -> None:
        """Do the loop's work after something has arrived."""
        for end in self.line.attachments():
            self.line.read(end)
        self.line.run_due()

    def close(self) -> None:
        for end in self.ends:
            end.close_both()

    def _answer(self, wish: DialRequest) -> DialResult:
        self.ends.append(FarEnd())
        return dialled(self.ends[-1])


@pytest.fixture(autouse=True, scope="module")
def at_once() -> Iterator[None]:
    """Redial lost connections without a pause."""
    with mock.patch.object(retry.random, "uniform", return_value=0.0):
        yield


@pytest.fixture
def world() -> Iterator[World]:
    with closing(World()) as world:
        yield world


PRINTED = bytes(range(256)) * 4


@given(
    st.lists(st.integers(1, 300), min_size=1),
    st.lists(st.integers(0, 1200), max_size=6),
)
def test_cut_at_any_byte_every_byte_comes_once_and_in_order(
    sizes: list[int], cuts: list[int]
) -> None:
    """The server's frames have these sizes; each socket is cut after that many wire bytes."""
    left = list(cuts)

    def answer(wish: DialRequest) -> DialResult:
        end = FarEnd()
        world.ends.append(end)
        at = wish.resume_from or 0
        end.queue_frames(ready(at))
        if wish.resume_from is None:
            end.queue_frames(screen(at))
        for size in sizes * len(PRINTED):
            if at >= len(PRINTED):
                break
            end.queue_frames(PRINTED[at : at + size])
            at += size
        end.send(left.pop(0) if left else None)
        return dialled(end)

    with closing(World(answer)) as world:
        world.line.restart()
        for _ in range(30 * (len(cuts) + 1)):
            world.turn()
        assert world.ear.bytes == PRINTED
        # The screen is requested until it arrives, and never after that.
        drawn = [part for part in world.ear.shown if part == "screen"]
        assert len(drawn) == 1


def test_after_a_cut_one_asks_for_what_is_missing_alone(world: World) -> None:
    first = world.begin()
    first.queue_frames(b"12345")
    first.send(1 << 20)
    world.turn()
    world.turn()
    world.turn()
    assert [wish.resume_from for wish in world.server.wishes] == [None, 5]
    world.ends[1].queue_frames(ready(5), b"678")
    world.ends[1].send()
    world.turn()
    assert world.ear.shown == ["attempt 1", "screen", b"12345", b"678"]
    assert (len(world.ear.cuts), world.ear.comings) == (1, 1)


def test_a_connection_restarts_for_another_log(world: World) -> None:
    world.begin().close(CloseCode.GOING_AWAY)
    for _ in range(3):
        world.turn()
    world.ends[1].queue_frames(ready(0, attempt=2))
    world.ends[1].send()
    world.turn()
    assert world.server.wishes[-1].resume_from is None
    world.turn()
    world.ends[2].queue_frames(ready(7, attempt=2), screen(7, "other"))
    world.ends[2].send()
    world.turn()
    assert world.ear.shown == ["attempt 1", "screen", "attempt 2", "other"]


def test_a_new_screen_is_drawn_when_all_before_it_was_shown(world: World) -> None:
    first = world.begin()
    world.line.redraw()
    world.turn()
    second = world.ends[1]
    second.queue_frames(ready(3), screen(3, "new"), b"45")
    second.send()
    world.turn()
    world.turn()
    assert world.ear.shown == ["attempt 1", "screen"]  # the old connection is at 0
    first.queue_frames(b"123")
    first.send()
    world.turn()
    assert world.ear.shown == ["attempt 1", "screen", b"123", "new", b"45"]
    assert [end.socket for end in world.line.attachments()] == [second.near]


def test_a_disconnect_with_a_new_screen_ready_switches_to_it(world: World) -> None:
    first = world.begin()
    world.line.redraw()
    world.turn()
    world.ends[1].queue_frames(ready(3), screen(3, "new"))
    world.ends[1].send()
    world.turn()
    world.turn()
    first.send(0)
    world.turn()
    assert world.ear.shown == ["attempt 1", "screen", "new"]
    assert world.ear.cuts == []


def test_what_is_typed_into_a_cut_line_is_typed_when_it_is_back(world: World) -> None:
    world.begin().send(0)
    world.turn()
    world.line.send_keys(b"ls\r")
    world.turn()
    world.turn()
    world.ends[1].queue_frames(ready(0))
    world.ends[1].send()
    world.turn()
    assert b"ls\r" in world.ends[1].received_frames()


def test_what_is_forgotten_is_not_typed_late(world: World) -> None:
    world.begin().send(0)
    world.turn()
    world.line.send_keys(b"rm -r *\r")
    world.line.clear_pending_keys()
    world.turn()
    world.turn()
    world.ends[1].queue_frames(ready(0))
    world.ends[1].send()
    world.turn()
    assert [frame for frame in world.ends[1].received_frames() if isinstance(frame, bytes)] == []


def test_who_was_taken_over_from_still_watches_after_a_cut(world: World) -> None:
    first = world.begin()
    first.queue_frames(wire.Takeover(by="bob"))
    first.send()
    world.turn()
    assert world.line.mode == "watch"
    first.send(0)
    for _ in range(3):
        world.turn()
    assert world.server.wishes[-1].first_frames == (wire.Watch(),)
    world.ends[1].queue_frames(ready(0))
    world.ends[1].send()
    world.turn()
    assert world.line.mode == "watch"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        pytest.param(CloseCode.ENDED, ExitReason.TASK_ENDED, id="the task's end"),
        pytest.param(CloseCode.FORBIDDEN, ExitReason.FORBIDDEN, id="not allowed any more"),
        pytest.param(CloseCode.NO_TASK, ExitReason.MISSING, id="no such task"),
        pytest.param(CloseCode.MALFORMED, ExitReason.REFUSED, id="not understood"),
    ],
)
def test_some_ends_are_for_good(world: World, code: int, why: ExitReason) -> None:
    world.begin().close(code)
    world.turn()
    world.turn()
    assert world.line.outcome == Outcome(why)
    assert world.line.attachments() == []
    world.line.close()


def test_a_stage_that_has_ended_is_asked_about(world: World) -> None:
    world.begin()
    world.server.answer = lambda _: Outcome(ExitReason.NO_STAGE)
    world.ends[0].close(CloseCode.NO_TERMINAL)
    world.turn()
    world.turn()
    assert world.line.outcome == Outcome(ExitReason.NO_STAGE)


def test_after_a_cut_a_stage_may_come_back_a_little_later(world: World) -> None:
    """After its own restart, a server's machines reconnect later."""
    world.begin().send(0)
    dial = world.server.answer
    world.server.answer = lambda _: Outcome(ExitReason.NO_STAGE)
    for _ in range(4):
        world.turn()
    assert (world.line.outcome, len(world.server.wishes) > 2) == (None, True)
    world.server.answer = dial
    for _ in range(2):
        world.turn()
    assert world.server.wishes[-1].resume_from == 0
    with mock.patch.object(retry, "_IDLE_TIMEOUT_SECONDS", 0.0):
        world.server.answer = lambda _: Outcome(ExitReason.NO_STAGE)
        for _ in range(4):
            world.turn()
            world.ends[-1].close_both()
    assert world.line.outcome == Outcome(ExitReason.NO_STAGE)


def test_a_server_that_is_away_is_given_up_in_time() -> None:
    with closing(World(patience=0.0)) as world:
        world.begin()
        world.server.answer = lambda _: Unreachable("refused")
        world.ends[0].send(0)
        for _ in range(3):
            world.turn()
        assert world.line.outcome == Outcome(ExitReason.LOST)


def test_a_size_is_said_by_who_controls_and_within_bounds(world: World) -> None:
    first = world.begin()
    world.line.resize(5000, 0)
    assert wire.Resize(cols=1000, rows=1) in first.received_frames()
    first.queue_frames(wire.Takeover())
    first.send()
    world.turn()
    world.line.resize(100, 40)
    assert [frame for frame in first.received_frames() if isinstance(frame, wire.Resize)] == []


def test_what_only_a_newer_server_says_is_passed_over(world: World) -> None:
    first = world.begin()
    first.queue_frames('{"type": "weather", "is": "fine"}', b"on")
    first.send()
    world.turn()
    assert world.ear.bytes == b"on"
