"""The output for the server: from the spool, from the shim, and from the screen model."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from muster.protocol.terminal import MAX_FRAME_BYTES, FromPtyMachine, OutputOffset, Screen
from muster.worker.shim.spool import SpoolWriter
from muster.worker.terminals.output import TerminalOutput
from muster.worker.terminals.output_sender import OutputSender
from tests.muster.worker.terminals.shim_end import ShimEnd

_decoder: "msgspec.json.Decoder[FromPtyMachine]" = msgspec.json.Decoder(FromPtyMachine)


class Server:
    """A FAKE socket: accepts everything, until it is `full`."""

    def __init__(self) -> None:
        self.got: list[FromPtyMachine | bytes] = []
        self.is_full = False

    def send(self, message: str | bytes) -> None:
        self.got.append(message if isinstance(message, bytes) else _decoder.decode(message))


class Upward:
    """A sender over a real spool, without a shim."""

    def __init__(self, attempt: Path, screen_at: Callable[[int], Screen]) -> None:
        self.spool = SpoolWriter(attempt)
        self.server = Server()
        self.drawn = threading.Event()
        self.floods = 0
        self._end = ShimEnd(attempt)
        self.sender = OutputSender(
            self.server,  # type: ignore[arg-type]
            TerminalOutput(attempt, 0),
            self._end.connection,
            screen_at,
            self._flooded,
            self.drawn.set,
        )

    def _flooded(self) -> None:
        self.floods += 1

    def send_all(self) -> None:
        while self.sender.is_ready:
            self.sender.send()

    def close(self) -> None:
        self.sender.close()
        self.spool.close()
        self._end.close()


def a_screen(offset: int) -> Screen:
    return Screen(offset, 80, 24, "drawn")


@pytest.fixture
def upward(attempt: Path) -> Iterator[Upward]:
    made = Upward(attempt, a_screen)
    yield made
    made.close()


def test_the_spool_is_sent_a_frame_at_a_time(upward: Upward) -> None:
    upward.spool.append(b"x" * (MAX_FRAME_BYTES + 10), 0, 0)
    upward.sender.send()
    assert upward.server.got == [OutputOffset(0), b"x" * MAX_FRAME_BYTES]
    assert not upward.sender.is_all_sent
    upward.send_all()
    assert upward.server.got[2:] == [b"x" * 10]
    assert upward.sender.is_all_sent
    assert upward.floods == 1, "only the large one"


def test_nothing_is_sent_to_a_server_that_has_not_taken_what_came_before(upward: Upward) -> None:
    upward.server.is_full = True
    upward.spool.append(b"x", 0, 0)
    upward.sender.send()
    assert upward.server.got == []
    assert not upward.sender.is_all_sent


def test_what_the_shim_tells_is_sent_at_once_if_it_comes_next(upward: Upward) -> None:
    upward.spool.append(b"one", 0, 0)
    upward.send_all()
    upward.spool.append(b"two", 1, 0)
    upward.sender.send_direct(b"two", 6)
    assert upward.server.got[1:] == [b"one", b"two"]
    upward.spool.append(b"threefour", 2, 0)
    upward.sender.send_direct(b"four", 15)
    assert upward.server.got[3:] == [], "something lies between"
    upward.send_all()
    assert upward.server.got[3:] == [b"threefour"]


def test_a_screen_is_sent_between_the_bytes_before_and_after_it(upward: Upward) -> None:
    upward.spool.append(b"before", 0, 0)
    upward.send_all()
    upward.sender.request_screen(3)
    upward.sender.mark_ready()
    upward.send_all()
    upward.spool.append(b"after", 1, 0)
    upward.sender.mark_ready()
    assert upward.drawn.wait(10)
    upward.sender.apply_drawn_screens()
    upward.send_all()
    assert upward.server.got[2:] == [Screen(6, 80, 24, "drawn", number=3), b"after"]


def test_what_goes_wrong_with_a_screen_ends_the_terminal(attempt: Path) -> None:
    def broken(offset: int) -> Screen:
        raise OSError("the log cannot be read")

    upward = Upward(attempt, broken)
    upward.send_all()
    upward.sender.request_screen(1)
    upward.sender.mark_ready()
    upward.send_all()
    assert upward.drawn.wait(10)
    with pytest.raises(OSError, match="cannot be read"):
        upward.sender.apply_drawn_screens()
    upward.close()
