"""The frames for a terminal's socket if there is more output than it accepts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol.terminal import OutputOffset, Screen
from muster.worker.shim.spool import SpoolWriter
from muster.worker.terminals.output import TerminalOutput

MEGABYTE = 1 << 20
LAST = 64 * 1024

Prints = Callable[[int], None]
"""So many megabytes."""


@pytest.fixture
def prints(tmp_path: Path) -> Prints:
    def write(megabytes: int) -> None:
        writer = SpoolWriter(tmp_path)
        for _ in range(megabytes):
            writer.append(bytes(MEGABYTE), 0, 0)
        writer.close()

    return write


def read_jumps(output: TerminalOutput, until: int) -> list[OutputOffset]:
    """Read the frames; return the offset after each jump."""
    offsets: list[OutputOffset] = []
    while output.position < until:
        offsets += [frame for frame in output.next_frames() if isinstance(frame, OutputOffset)]
    return offsets


def test_a_viewer_without_input_sees_every_byte(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    assert read_jumps(output, 20 * MEGABYTE) == [OutputOffset(0)]


def test_a_viewer_who_types_into_a_flood_sees_its_end_next(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    read_jumps(output, MEGABYTE)
    output.skip_backlog()
    assert read_jumps(output, 20 * MEGABYTE) == [OutputOffset(20 * MEGABYTE - LAST)]


def test_a_little_is_never_skipped(tmp_path: Path, prints: Prints) -> None:
    prints(8)
    output = TerminalOutput(tmp_path, 0)
    output.skip_backlog()
    assert read_jumps(output, 8 * MEGABYTE) == [OutputOffset(0)]


def test_bytes_up_to_a_screen_that_comes_are_not_skipped(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    list(output.next_frames())
    output.request_screen(1)
    output.skip_backlog()
    assert list(output.next_frames()) == []
    at = output.position + 2 * MEGABYTE
    output.set_screen(Screen(at, 80, 24, "drawn"))
    frames = []
    while output.position <= at:
        frames += [frame for frame in output.next_frames() if not isinstance(frame, bytes)]
    assert frames == [Screen(at, 80, 24, "drawn", number=1), OutputOffset(20 * MEGABYTE - LAST)]
