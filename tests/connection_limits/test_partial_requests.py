"""Half-sent requests keep no user waiting."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
import pytest

from app.embedded import ports
from tests.connection_limits.conftest import PEOPLE, Served

FLOOD = Path(__file__).parent / "flood.py"
SECONDS = 10.0


@contextlib.contextmanager
def flood(served: Served, each: int, addresses: list[str]) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, str(FLOOD), str(served.server.port), str(each), *addresses]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class User(threading.Thread):
    """Asks for tasks, every other time on a new connection."""

    def __init__(self, served: Served, person: int, until: float) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.failed: list[str] = []
        self._port, self._headers = served.server.port, served.headers(person)
        self._until = until

    def run(self) -> None:
        with contextlib.closing(self._connection()) as kept:
            while time.monotonic() < self._until:
                self._ask(kept)
                with contextlib.closing(self._connection()) as new:
                    self._ask(new)
                time.sleep(0.1)

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(ports.LOOPBACK, self._port, timeout=30)

    def _ask(self, connection: HTTPConnection) -> None:
        began = time.monotonic()
        try:
            connection.request("GET", "/api/web/tasks?limit=20", headers=self._headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as error:
            self.failed.append(repr(error))
        else:
            if answer.status != 200:
                self.failed.append(text.decode())
        self.seconds.append(time.monotonic() - began)


def processor_seconds(served: Served) -> float:
    """Of all server processes."""
    master = psutil.Process(served.server.process.pid)
    times = [child.cpu_times() for child in master.children()]
    return sum(spent.user + spent.system for spent in times)


@pytest.mark.parametrize(
    ("each", "addresses"),
    [
        pytest.param(5000, ["127.0.0.2"], id="5,000 from one address"),
        pytest.param(5000, ["127.0.0.1"], id="5,000 from the users' own address"),
        pytest.param(200, [f"127.0.1.{n}" for n in range(1, 51)], id="200 from each of 50"),
    ],
)
def test_users_do_not_notice(served: Served, each: int, addresses: list[str]) -> None:
    before = processor_seconds(served)
    with flood(served, each, addresses) as attack:
        users = [User(served, person, time.monotonic() + SECONDS) for person in range(PEOPLE)]
        for user in users:
            user.start()
        assert attack.stdout is not None
        began = time.monotonic()
        assert attack.stdout.readline() == "held\n"
        opened, spent = time.monotonic() - began, processor_seconds(served) - before
        for user in users:
            user.join()
    seconds = sorted(second for user in users for second in user.seconds)
    p99 = seconds[int(len(seconds) * 0.99)]
    sys.stdout.write(
        f"\nopened in {opened:.1f} s, {spent:.1f} of the servers' processors; "
        f"{len(seconds)} requests, "
        f"p99 {p99:.3f} s, {seconds[-1]:.3f} at most\n"
    )
    assert [text for user in users for text in user.failed] == []
    assert p99 < 1
