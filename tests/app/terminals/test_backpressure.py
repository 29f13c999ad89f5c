"""A flood waits for viewers whom the server leaves behind, and for nobody else."""

import pytest

from app.terminals.backpressure import AHEAD_BYTES, LEAST_BYTES, LEFT_SECONDS, PATIENCE, Pace

A, B = b"a", b"b"
TOP = 10 * AHEAD_BYTES


def test_nobody_who_is_near_is_waited_for() -> None:
    assert Pace().behind(TOP, {}, 0.0) == []
    assert Pace().behind(TOP, {A: TOP - AHEAD_BYTES, B: TOP + 1}, 0.0) == []


def test_each_process_that_is_left_behind_is_waited_for() -> None:
    assert Pace().behind(TOP, {A: TOP, B: TOP - AHEAD_BYTES - 1}, 0.0) == [B]


def test_who_stands_still_is_left_behind_for_a_while_and_until_it_moves() -> None:
    pace, read = Pace(), {A: TOP, B: 0}
    for step in range(round(PATIENCE / 0.1)):
        assert pace.behind(TOP, read, 0.1 * step) == [B]
        pace.waited(0.1, [B], read, 0.1 * (step + 1))
    left_at = PATIENCE
    assert pace.behind(TOP, read, left_at) == []
    assert pace.behind(TOP, {A: TOP, B: 1}, left_at + LEFT_SECONDS - 0.1) == []
    assert pace.behind(TOP, read, left_at + LEFT_SECONDS + 0.1) == [], "its process may be dead"
    assert pace.behind(TOP, {A: TOP, B: 1}, left_at + LEFT_SECONDS + 0.1) == [B]


@pytest.mark.parametrize(("share", "is_left"), [(0.9, True), (1.1, False)])
def test_who_is_slow_is_left_also_when_each_wait_is_short(share: float, is_left: bool) -> None:
    """In between it is near enough."""
    pace, offset, steps = Pace(), 0, 20
    for step in range(steps + 1):
        pace.waited(PATIENCE / steps, [A], {A: offset}, float(step))
        offset += round(share * LEAST_BYTES / steps)
    assert (pace.behind(offset + AHEAD_BYTES + 1, {A: offset}, steps + 1.0) == []) is is_left


def test_a_process_that_has_no_viewer_any_more_is_forgotten() -> None:
    pace = Pace()
    pace.waited(PATIENCE / 2, [A], {A: 0}, 0.0)
    pace.waited(PATIENCE / 2, [A], {}, 1.0)
    assert pace.behind(TOP, {}, 1.0) == []
