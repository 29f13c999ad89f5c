"""Who says too much is read more slowly, and who says what is usual is not."""

import uuid

import pytest

from app.control_channel import rate_limit
from app.control_channel.rate_limit import (
    BURST,
    MAX_WAIT_SECONDS,
    RATE_PER_SECOND,
    RateLimiter,
    RateLimiters,
)
from app.services.machines.append_reports import MalformedReport
from muster.protocol import frames

BEAT = frames.Heartbeat(1, frames.Metrics())
NOTE = frames.Report(1, 2, 1, frames.Note("info", "x"))


def log(size: int) -> frames.Log:
    return frames.Log(2, 1, 0, 0, 0, b"x" * size)


@pytest.mark.parametrize(
    ("batch", "cost"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([BEAT, NOTE, MalformedReport(1, 2, 1, "?")], 3, id="reports and heartbeats"),
        pytest.param([frames.Heartbeat(1, repositories=[])], 50, id="a heartbeat with facts"),
        pytest.param([frames.TerminalClosed(2, 1)], 10, id="a terminal that has closed"),
        pytest.param([frames.RepositoryChecked("c", "busy")], 10, id="a check's answer"),
        pytest.param([log(255), log(1)], 2, id="tiny pieces of a log"),
        pytest.param([log(256), log(64 * 1024)] * 32, 0, id="a flood"),
    ],
)
def test_what_frames_cost(batch: list[object], cost: float) -> None:
    assert rate_limit.batch_cost(batch) == cost


def test_so_much_may_be_said_at_once_and_then_so_much_a_second() -> None:
    allowance = RateLimiter(now=100.0)
    assert allowance.spend(BURST, 100.0) == 0
    assert allowance.spend(RATE_PER_SECOND / 2, 100.0) == pytest.approx(0.5)
    assert allowance.spend(RATE_PER_SECOND, 101.0) == pytest.approx(0.5)
    assert allowance.spend(0, 102.0) == 0


def test_nobody_saves_up_more_than_that_or_waits_for_long() -> None:
    allowance = RateLimiter(now=0.0)
    assert allowance.spend(BURST, 1e9) == 0
    assert allowance.spend(1e9, 1e9) == MAX_WAIT_SECONDS


def test_an_allowance_outlives_its_connection() -> None:
    known, machine = RateLimiters(), uuid.uuid4()
    known.get(machine, 0.0).spend(2 * BURST, 0.0)
    assert known.get(machine, 0.0).spend(0, 0.0) > 0
    assert known.get(uuid.uuid4(), 0.0).spend(0, 0.0) == 0


def test_of_so_many_machines_the_last_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_MACHINES", 2)
    known, first, *others = RateLimiters(), *(uuid.uuid4() for _ in range(3))
    known.get(first, 0.0).spend(2 * BURST, 0.0)
    for other in others:
        known.get(other, 0.0)
    assert known.get(first, 0.0).spend(0, 0.0) == 0
