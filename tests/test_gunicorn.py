"""The server as it is run: two gunicorn processes with gevent, on real servers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

from app.services.ops import heartbeats

ROOT = Path(__file__).parent.parent


@dataclass
class Gunicorn:
    process: subprocess.Popen[bytes]
    url: str
    log: Path


@pytest.fixture
def gunicorn(
    environment: dict[str, str], new_database: Callable[..., str], tmp_path: Path
) -> Iterator[Gunicorn]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What others left within the last seconds would count as signs of life.
    redis.from_url(environment["REDIS_URL"]).delete(
        heartbeats.DISPATCHER, heartbeats.SWEEPER, heartbeats.BEAT
    )
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")},
        **environment,
        "DATABASE_URL": new_database("muster_gunicorn"),
        "MUSTER_HOME": str(tmp_path),
        "MUSTER_PORT": str(port),
        "MUSTER_WEB_WORKERS": "2",
    }
    log = tmp_path / "log"
    argv = [sys.executable, "-m", "gunicorn", "wsgi:app"]
    with log.open("wb") as output:
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        running = Gunicorn(process, f"http://127.0.0.1:{port}", log)
        _await(running)
        yield running
    finally:
        process.terminate()
        process.wait(20)


def _await(server: Gunicorn, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        assert server.process.poll() is None, server.log.read_text()
        try:
            httpx.get(server.url + "/healthz")
            return
        except httpx.TransportError:
            assert time.monotonic() < end, server.log.read_text()
            time.sleep(0.05)


def test_it_serves_counts_over_all_processes_and_stops_cleanly(gunicorn: Gunicorn) -> None:
    for _ in range(20):
        answer = httpx.get(gunicorn.url + "/api/web/tasks")
        assert answer.status_code == 401
    assert httpx.get(gunicorn.url + "/readyz").json()["missing"] == [
        "dispatcher",
        "sweeper",
        "beat",
    ]
    counted = [
        next(
            line.rpartition(" ")[2]
            for line in httpx.get(gunicorn.url + "/metrics").text.splitlines()
            if 'route="/api/web/tasks",status="401"' in line
        )
        for _ in range(6)
    ]
    assert counted == ["20.0"] * 6
    gunicorn.process.terminate()
    assert gunicorn.process.wait(9) == 0
    log = gunicorn.log.read_text()
    assert "Traceback" not in log
    assert log.count('"path": "/api/web/tasks"') == 20
