"""Who asks for the longest answers keeps nobody waiting."""

import contextlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.connection_limits.conftest import Served
from tests.connection_limits.test_comparisons import SLOWEST
from tests.connection_limits.test_slow_readers import measure_response_times

READERS = 4
SECONDS = 4.0


@pytest.mark.parametrize("which", ["evidence", "recording", "logs?limit=1000"])
def test_the_largest_responses_keep_nobody_waiting(served_by_one: Served, which: str) -> None:
    """Of all routes, these take the most processor time: up to 4 s for each answer."""
    served, path = served_by_one, f"/api/web/tasks/{served_by_one.task}/{which}"
    end = time.monotonic() + SECONDS

    def read(person: int) -> None:
        whose = {"headers": served.headers(person), "timeout": SECONDS}
        while time.monotonic() < end:
            with (
                contextlib.suppress(httpx.ReadTimeout),  # evidence is read twice before it is sent
                httpx.stream("GET", served.server.url + path, **whose) as answer,  # type: ignore[arg-type]
            ):
                for _ in answer.iter_raw():
                    if time.monotonic() > end:
                        return

    with measure_response_times(served.server.url) as seconds, ThreadPoolExecutor(READERS) as pool:
        list(pool.map(read, range(READERS)))
    slowest = sorted(seconds)[int(len(seconds) * 0.99)]
    sys.stdout.write(f"\n{which}: healthz p99 {slowest:.3f} s of {len(seconds)}\n")
    assert slowest <= SLOWEST
