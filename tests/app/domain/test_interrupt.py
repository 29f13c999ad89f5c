"""The states of an interrupt, as they are stored and as time passes."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain import interrupt
from app.domain.interrupt import Interrupt, InterruptState

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MADE = Interrupt(1, 0, 2, "Ada", 7, NOW)


def test_it_is_stored_as_it_is_read() -> None:
    for state in InterruptState:
        made = MADE.enter(state, NOW)
        assert Interrupt.from_json(made.to_json()) == made


def test_it_is_about_one_run_of_one_stage() -> None:
    stored = MADE.to_json()
    assert interrupt.find_interrupt(stored, 0, 2) == MADE
    assert interrupt.find_interrupt(stored, 0, 1) is None
    assert interrupt.find_interrupt(stored, 1, 2) is None
    assert interrupt.find_interrupt(None, 0, 2) is None
    over = interrupt.end(stored, InterruptState.REQUESTED)
    assert interrupt.find_interrupt(over, 0, 2) is None
    assert interrupt.end(stored, InterruptState.ASKING) == stored
    assert interrupt.end(None) is None


@pytest.mark.parametrize(
    ("state", "seconds", "is_due"),
    [("asking", 599, False), ("asking", 600, True), ("requested", 900, False)],
)
def test_only_an_open_question_stops_the_stage(state: str, seconds: float, is_due: bool) -> None:
    made = MADE.enter(InterruptState(state), NOW)
    later = NOW + timedelta(seconds=seconds)
    assert interrupt.is_due_to_stop(made, 600, later) is is_due


@pytest.mark.parametrize(
    ("state", "seconds", "expected"),
    [
        ("requested", 14, False),
        ("requested", 15, True),
        ("ignored", 0, True),
        ("asking", 99, False),
    ],
)
def test_an_ignored_or_unanswered_one_can_be_repeated(
    state: str, seconds: float, expected: bool
) -> None:
    made = MADE.enter(InterruptState(state), NOW)
    assert interrupt.can_repeat(made, NOW + timedelta(seconds=seconds)) is expected
