"""One process has the models of all screens: none blocks the others."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.worker.terminals.screen_client import ScreenClient
from tests.muster.worker.terminals.test_screen_client import Written

HOSTILE, HONEST = AttemptKey(8, 1), AttemptKey(7, 1)
# The output of half a minute at 2 KB/s, which keeps the emulator busy for almost a minute.
REPEATED = b"x\x1b[65535b" * 7000
CLEARED = b"\x1b[2J" * 15_000


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[ScreenClient]:
    screens = ScreenClient(tmp_path, None)
    yield screens
    screens.close()


@pytest.mark.parametrize(
    ("output", "size", "is_watched"),
    [
        pytest.param(REPEATED, (80, 24), False, id="repeats"),
        pytest.param(REPEATED, (80, 24), True, id="repeats, and is watched"),
        pytest.param(CLEARED, (500, 200), False, id="clears"),
    ],
)
def test_output_that_costs_much_makes_no_other_screen_rough(
    tmp_path: Path, screens: ScreenClient, output: bytes, size: tuple[int, int], is_watched: bool
) -> None:
    hostile = Written(tmp_path / HOSTILE.name, *size)
    honest = Written(tmp_path / HONEST.name)
    honest.write(b"hello")
    assert screens.screen_at(HONEST.name, honest.spool.end_offset) is not None
    hostile.write(output)
    if is_watched:
        assert (
            screens.screen_at(HOSTILE.name, hostile.spool.end_offset) is None
        )  # there is more than it may use
    screens.notify_growth(HOSTILE)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        screen = screens.screen_at(HONEST.name, honest.spool.end_offset)
        assert screen is not None
        assert (screen.exact, "hello" in screen.data) == (True, True)
    hostile.close()
    honest.close()
