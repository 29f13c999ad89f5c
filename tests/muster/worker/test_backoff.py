"""When a machine asks again: soon after a good connection, ever more rarely after bad ones."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from muster.protocol.frames import CloseCode
from muster.worker.backoff import Backoff
from tests.muster.worker.channels import connected
from tests.muster.worker.fake_server import LIMIT, FakeServer, fake_server
from tests.wait import wait_until

FIRST = 0.05  # seconds


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as server:
        yield server


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """As unlucky as jitter gets, from delays that a test can wait for."""
    monkeypatch.setattr("muster.worker.backoff.random.uniform", lambda low, high: high)
    monkeypatch.setattr("muster.worker.server.connection.Backoff", lambda: Backoff(FIRST))


def wait_for_requests(server: FakeServer, times: int) -> None:
    wait_until(lambda: len(server.line.arrivals) >= times, f"request {times}", LIMIT)


def beaten(server: FakeServer) -> float:
    """For how many seconds heartbeats have come."""
    times = [at for at, _ in server.heartbeats]
    return times[-1] - times[0] if times else 0.0


def gaps(server: FakeServer) -> list[float]:
    return [later - earlier for earlier, later in pairwise(server.line.arrivals)]


def test_the_first_try_comes_within_a_second_and_the_later_ones_ever_later() -> None:
    backoff = Backoff()
    for most in (1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
        assert 0.0 <= backoff.next() <= most
    backoff.reset()
    assert backoff.next() <= 1.0


def test_delays_are_spread_from_nothing_to_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []
    monkeypatch.setattr(
        "muster.worker.backoff.random.uniform", lambda low, high: asked.append((low, high)) or 0.0
    )
    backoff = Backoff()
    for _ in range(6):
        backoff.next()
    assert asked == [(0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 15.0), (0.0, 15.0)]


@pytest.mark.usefixtures("short")
def test_a_server_that_hangs_up_at_once_is_asked_ever_more_rarely(
    tmp_path: Path, server: FakeServer
) -> None:
    server.line.refuse = True
    with connected(tmp_path, server):
        wait_for_requests(server, 5)
    for number, gap in enumerate(gaps(server)):
        assert gap >= FIRST * 2**number


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("code", [CloseCode.GOING_AWAY, CloseCode.MALFORMED])
def test_so_is_one_that_hangs_up_after_its_welcome(
    tmp_path: Path, server: FakeServer, code: int
) -> None:
    with connected(tmp_path, server):
        for number in range(1, 6):
            server.wait_until_connected(number)
            server.kick(code)
    for number, gap in enumerate(gaps(server)[:4]):
        assert gap >= FIRST * 2**number


@pytest.mark.usefixtures("short")
def test_a_connection_that_lasted_makes_the_next_try_a_quick_one(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.server.connection._STABLE_SECONDS", 0.3)
    server.heartbeat_seconds = 0.1
    server.line.refuse = True
    with connected(tmp_path, server):
        wait_for_requests(server, 6)
        server.line.refuse = False
        server.wait_until_connected(1)
        # Heartbeats count as its messages: it has been accepted for as long as they have come.
        server.wait_for(lambda: beaten(server) > 0.4)
        cut = time.monotonic()
        server.line.cut()
        server.wait_until_connected(2)
    after = min(at for at in server.line.arrivals if at > cut) - cut
    assert after < FIRST * 2**5  # the wait after five refused connections
