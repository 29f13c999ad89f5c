"""A stage waits at its terminal once its screen has shown a pattern for some seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import WaitingTerminal
from muster.worker.shim.spool import SpoolWriter
from muster.worker.terminals import waits
from muster.worker.terminals.waits import TerminalWaits, _WatchedStage
from tests.wait import wait_until

STAGE = WaitingTerminal(7, 1, 0)
PATTERNS = (r"Trust this folder\?", r"Sign in")


class Screens:
    """Screens with the given text; None: the models don't answer."""

    def __init__(self) -> None:
        self.text: str | None = ""
        self.asked = 0

    def text_at(self, key: AttemptKey, offset: int) -> str | None:
        self.asked += 1
        return self.text


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SpoolWriter]:
    spool = SpoolWriter(tmp_path)
    yield spool
    spool.close()


@pytest.fixture
def show(spool: SpoolWriter) -> Callable[[Screens, str | None], None]:
    def show(screens: Screens, text: str | None, size: int = 1) -> None:
        screens.text = text
        spool.append(b"x" * size, 0, 0)

    return show


Show = Callable[..., None]


def test_a_pattern_counts_after_five_seconds_and_until_it_is_gone(
    tmp_path: Path, show: Show
) -> None:
    screens, stage = Screens(), _WatchedStage(STAGE, PATTERNS, tmp_path)
    show(screens, "Trust this folder?\n 1. Yes")
    stage.check(screens, 100.0)
    assert not stage.is_waiting(104.9)
    show(screens, "Trust this folder?\n 1. Yes (blinking)")
    stage.check(screens, 104.9)
    assert stage.is_waiting(105.0)
    show(screens, "Working...")
    stage.check(screens, 106.0)
    assert not stage.is_waiting(106.0)


def test_a_screen_without_new_output_is_not_read_again(tmp_path: Path, show: Show) -> None:
    screens, stage = Screens(), _WatchedStage(STAGE, PATTERNS, tmp_path)
    show(screens, "Sign in")
    for second in range(8):
        stage.check(screens, 100.0 + second)
    assert screens.asked == 1
    assert stage.is_waiting(107.0)


def test_a_model_that_does_not_answer_is_asked_again(tmp_path: Path, show: Show) -> None:
    screens, stage = Screens(), _WatchedStage(STAGE, PATTERNS, tmp_path)
    show(screens, None)
    stage.check(screens, 100.0)
    screens.text = "Sign in"
    stage.check(screens, 101.0)
    assert stage.is_waiting(106.0)


def test_a_flood_of_output_is_no_question(tmp_path: Path, show: Show) -> None:
    screens, stage = Screens(), _WatchedStage(STAGE, PATTERNS, tmp_path)
    show(screens, "Sign in")
    stage.check(screens, 100.0)
    show(screens, "Sign in", 1 << 20)
    stage.check(screens, 106.0)
    assert (stage.is_waiting(106.0), screens.asked) == (False, 1)


def test_changes_are_reported_and_the_end_of_the_stage_ends_the_wait(
    tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "SHOWN_SECONDS", 0.0)
    monkeypatch.setattr(waits, "_POLL_SECONDS", 0.01)
    screens, seen = Screens(), list[list[WaitingTerminal]]()
    show(screens, "Sign in")
    some = TerminalWaits(screens, lambda key: tmp_path)
    some.on_change = lambda: seen.append(some.current())
    with some.watch(STAGE, PATTERNS):
        wait_until(lambda: seen == [[STAGE]])
    assert (seen, some.current()) == ([[STAGE], []], [])
    some.close()


def test_an_agent_without_patterns_is_not_watched(tmp_path: Path, show: Show) -> None:
    screens = Screens()
    show(screens, "Sign in")
    some = TerminalWaits(screens, lambda key: tmp_path)
    with some.watch(STAGE, ()):
        assert some._thread is None
    some.close()
