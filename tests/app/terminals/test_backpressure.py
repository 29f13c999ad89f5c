"""A flood waits for viewers whom the server leaves behind, and for nobody else."""

import pytest

from app.terminals.backpressure import (
    LAG_TIMEOUT_SECONDS,
    MAX_LEAD_BYTES,
    MIN_PROGRESS_BYTES,
    SKIP_SECONDS,
    Backpressure,
)

A, B = b"a", b"b"
TOP = 10 * MAX_LEAD_BYTES


def test_nobody_who_is_near_is_waited_for() -> None:
    assert Backpressure().lagging_processes(TOP, {}, 0.0) == []
    assert Backpressure().lagging_processes(TOP, {A: TOP - MAX_LEAD_BYTES, B: TOP + 1}, 0.0) == []


def test_each_process_that_is_left_behind_is_waited_for() -> None:
    assert Backpressure().lagging_processes(TOP, {A: TOP, B: TOP - MAX_LEAD_BYTES - 1}, 0.0) == [B]


def test_who_stands_still_is_left_behind_for_a_while_and_until_it_moves() -> None:
    pace, read = Backpressure(), {A: TOP, B: 0}
    for step in range(round(LAG_TIMEOUT_SECONDS / 0.1)):
        assert pace.lagging_processes(TOP, read, 0.1 * step) == [B]
        pace.record_wait(0.1, [B], read, 0.1 * (step + 1))
    left_at = LAG_TIMEOUT_SECONDS
    assert pace.lagging_processes(TOP, read, left_at) == []
    assert pace.lagging_processes(TOP, {A: TOP, B: 1}, left_at + SKIP_SECONDS - 0.1) == []
    assert pace.lagging_processes(TOP, read, left_at + SKIP_SECONDS + 0.1) == [], (
        "its process may be dead"
    )
    assert pace.lagging_processes(TOP, {A: TOP, B: 1}, left_at + SKIP_SECONDS + 0.1) == [B]


@pytest.mark.parametrize(("share", "is_left"), [(0.9, True), (1.1, False)])
def test_who_is_slow_is_left_also_when_each_wait_is_short(share: float, is_left: bool) -> None:
    """In between it is near enough."""
    pace, offset, steps = Backpressure(), 0, 20
    for step in range(steps + 1):
        pace.record_wait(LAG_TIMEOUT_SECONDS / steps, [A], {A: offset}, float(step))
        offset += round(share * MIN_PROGRESS_BYTES / steps)
    assert (
        pace.lagging_processes(offset + MAX_LEAD_BYTES + 1, {A: offset}, steps + 1.0) == []
    ) is is_left


def test_a_process_that_has_no_viewer_any_more_is_forgotten() -> None:
    pace = Backpressure()
    pace.record_wait(LAG_TIMEOUT_SECONDS / 2, [A], {A: 0}, 0.0)
    pace.record_wait(LAG_TIMEOUT_SECONDS / 2, [A], {}, 1.0)
    assert pace.lagging_processes(TOP, {}, 1.0) == []
