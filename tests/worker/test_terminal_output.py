"""What a terminal's socket is sent when more is printed than it takes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.terminal import At, Screen
from worker import terminal_output
from worker.spool import SpoolWriter
from worker.terminal_output import TerminalOutput

MEGABYTE = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal_output, "monotonic", clock)
    return clock


@pytest.fixture
def prints(tmp_path: Path) -> Callable[[int], None]:
    """Prints so many megabytes."""

    def write(megabytes: int) -> None:
        writer = SpoolWriter(tmp_path)
        for _ in range(megabytes):
            writer.append(bytes(MEGABYTE), 0, 0)
        writer.close()

    return write


def shown(output: TerminalOutput, megabytes: int, seconds: float, clock: Clock) -> list[At]:
    """Takes so much, evenly; where bytes were skipped to."""
    skips: list[At] = []
    end = output.position + megabytes * MEGABYTE
    while output.position < end:
        before = output.position
        for frame in output.next():
            skips += [frame] if isinstance(frame, At) else []
        clock.now += seconds * (output.position - before) / (megabytes * MEGABYTE)
    return skips


def test_who_keeps_up_is_shown_every_byte(
    tmp_path: Path, clock: Clock, prints: Callable[[int], None]
) -> None:
    prints(60)
    output = TerminalOutput(tmp_path, 0)
    assert shown(output, 60, seconds=4, clock=clock) == [At(0)]


def test_who_is_shown_a_flood_too_slowly_skips_what_would_be_old(
    tmp_path: Path, clock: Clock, prints: Callable[[int], None]
) -> None:
    prints(30)
    output = TerminalOutput(tmp_path, 0)
    assert shown(output, 2, seconds=2, clock=clock)[1:] == [At(30 * MEGABYTE - 64 * 1024)]
    assert output.position == 30 * MEGABYTE


def test_nothing_is_skipped_while_a_screen_is_awaited(
    tmp_path: Path, clock: Clock, prints: Callable[[int], None]
) -> None:
    prints(30)
    output = TerminalOutput(tmp_path, 0)
    list(output.next())
    output.say_screen(1)
    clock.now += 2
    assert list(output.next()) == []
    output.put_screen(Screen(output.position, 80, 24, "drawn"))
    before = output.position
    frames = list(output.next())
    assert isinstance(frames[0], Screen)
    assert output.position > before
