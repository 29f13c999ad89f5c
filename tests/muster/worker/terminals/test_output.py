"""What a terminal's socket is sent when more is printed than it takes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from muster.protocol.terminal import At, Screen
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


def shown(output: TerminalOutput, until: int) -> list[At]:
    """Takes what comes; where it goes on each time."""
    told: list[At] = []
    while output.position < until:
        told += [frame for frame in output.next() if isinstance(frame, At)]
    return told


def test_whoever_only_looks_is_shown_every_byte(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    assert shown(output, 20 * MEGABYTE) == [At(0)]


def test_whoever_types_into_a_flood_is_shown_its_end_next(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    shown(output, MEGABYTE)
    output.hurry()
    assert shown(output, 20 * MEGABYTE) == [At(20 * MEGABYTE - LAST)]


def test_a_little_is_never_skipped(tmp_path: Path, prints: Prints) -> None:
    prints(8)
    output = TerminalOutput(tmp_path, 0)
    output.hurry()
    assert shown(output, 8 * MEGABYTE) == [At(0)]


def test_bytes_up_to_a_screen_that_comes_are_not_skipped(tmp_path: Path, prints: Prints) -> None:
    prints(20)
    output = TerminalOutput(tmp_path, 0)
    list(output.next())
    output.say_screen(1)
    output.hurry()
    assert list(output.next()) == []
    at = output.position + 2 * MEGABYTE
    output.put_screen(Screen(at, 80, 24, "drawn"))
    frames = []
    while output.position <= at:
        frames += [frame for frame in output.next() if not isinstance(frame, bytes)]
    assert frames == [Screen(at, 80, 24, "drawn", number=1), At(20 * MEGABYTE - LAST)]
