"""Who reads slowly costs little, and keeps nobody waiting."""

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from app.api.pagination import PAGE_BYTES
from app.embedded import ports
from tests.connection_limits.conftest import Served

READERS = 50
SECONDS = 5.0
MEGABYTE = 1 << 20


class SlowReader:
    """A client with a small buffer that takes a little, again and again."""

    def __init__(self, served: Served, person: int, path: str) -> None:
        self.taken = b""
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._sock.settimeout(30)
        self._sock.connect((ports.LOOPBACK, served.server.port))
        head = [f"GET {path} HTTP/1.1", "Host: here"]
        head += [f"{name}: {text}" for name, text in served.headers(person).items()]
        self._sock.sendall("\r\n".join(head).encode() + b"\r\n\r\n")

    def read_some(self) -> None:
        self.taken += self._sock.recv(2048)

    def close(self) -> None:
        self._sock.close()


def web_process(served: Served) -> psutil.Process:
    (child,) = psutil.Process(served.server.process.pid).children()
    return child


@contextlib.contextmanager
def measure_response_times(url: str) -> Iterator[list[float]]:
    """How long `healthz` takes, again and again, meanwhile."""
    seconds: list[float] = []
    is_over = threading.Event()

    def poll() -> None:
        with httpx.Client() as http:
            while not is_over.wait(0.02):
                began = time.monotonic()
                assert http.get(url + "/healthz", timeout=30).status_code == 200
                seconds.append(time.monotonic() - began)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seconds
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize("which", ["?limit=1000", "/raw"])
def test_fifty_slow_readers_of_the_worst_log_cost_little(served_by_one: Served, which: str) -> None:
    served = served_by_one
    url = served.server.url
    process = web_process(served)
    for person in range(3):  # what is loaded, and made, with the first requests
        answer = httpx.get(url + served.logs + which, headers=served.headers(person), timeout=60)
        assert answer.status_code == 200
    before = most = process.memory_full_info().uss
    with contextlib.ExitStack() as held, measure_response_times(url) as seconds:
        readers = []
        for number in range(READERS):
            reader = SlowReader(served, number, served.logs + which)
            held.callback(reader.close)
            readers.append(reader)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for reader in readers:
                reader.read_some()
            most = max(most, process.memory_full_info().uss)
            time.sleep(0.05)
    assert {reader.taken.partition(b"\r")[0] for reader in readers} == {b"HTTP/1.1 200 OK"}
    slowest = sorted(seconds)[int(len(seconds) * 0.99)]
    sys.stdout.write(
        f"\n{which}: {(most - before) / MEGABYTE:.1f} MiB more; healthz p99 {slowest:.3f} s\n"
    )
    assert most - before < 32 * MEGABYTE
    assert slowest < 0.1


def test_the_worst_log_is_read_in_pages_of_a_size(served: Served) -> None:
    following: int | None = 0
    numbers: list[int] = []
    with httpx.Client(base_url=served.server.url, headers=served.headers(0)) as http:
        while following is not None:
            query = {"limit": 1000, "offset": following}
            answer = http.get(served.logs, params=query, timeout=60)
            assert len(answer.content) <= PAGE_BYTES
            page = json.loads(answer.content)
            numbers += [line["number"] for line in page["items"]]
            following = page["nextOffset"]
    assert numbers == list(range(page["total"]))


def test_one_developers_long_reads_are_bounded_and_others_go_on(served_by_one: Served) -> None:
    served = served_by_one
    with contextlib.ExitStack() as held:
        for _ in range(16):
            reader = SlowReader(served, 0, served.logs + "?limit=1000")
            held.callback(reader.close)
            reader.read_some()
        answer = httpx.get(served.server.url + served.logs, headers=served.headers(0))
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert int(answer.headers["Retry-After"]) > 0
        other = httpx.get(served.server.url + served.logs, headers=served.headers(1), timeout=60)
        assert other.status_code == 200
