"""Two servers are restarted one after the other while people work with them."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.embedded import ports
from tests.flows.running_stack import wait_for
from tests.gunicorns import SERVERS
from tests.outages.pair import Pair

RECONNECT = 1.0  # seconds within which a client that was cut off is let in again
GIVES_UP = 30.0
NOBODY_RUNS = {"name": "wait", "kind": "shell", "command": "true"}


class People:
    """They create tasks, each request on a connection of its own, as through a balancer.

    One that is cut off or refused is sent again, as a client does: with the same key, so that it
    takes effect once. `refused` counts those tries, `refused_for` is for how many seconds all of
    one request's tries were refused, at the longest.
    """

    def __init__(self, pair: Pair, key: str) -> None:
        self._pair, self._key = pair, key
        self.answers: list[tuple[str, int]] = []
        self.refused, self.refused_for = 0, 0.0
        self._over, self._counting = threading.Event(), threading.Lock()

    def created(self) -> int:
        return sum(status == 201 for _, status in self.answers)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(4) as pool:
            working = [pool.submit(self._create, who) for who in range(4)]
            try:
                yield
            finally:
                self._over.set()
            for work in working:
                work.result()

    def _create(self, who: int) -> None:
        headers = {"Authorization": f"Bearer {self._pair.api.token}", "Connection": "close"}
        number = 0
        while not self._over.is_set():
            number += 1
            body = {"projectKey": self._key, "description": f"task {who}.{number}"}
            headers["Idempotency-Key"] = f"{self._key}-{who}-{number}"
            self.answers.append((body["description"], self._answer_to(body, headers)))

    def _answer_to(self, body: dict[str, str], headers: dict[str, str]) -> int:
        """The status, of whichever try is answered."""
        url, first = f"{self._pair.address}/api/web/tasks", None
        while True:
            try:
                return httpx.post(url, json=body, headers=headers, timeout=30).status_code
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                moment = time.monotonic()
                first = first or moment
                with self._counting:
                    self.refused += 1
                    self.refused_for = max(self.refused_for, moment - first)
                assert moment - first < GIVES_UP
                time.sleep(RECONNECT / 10)


@pytest.mark.parametrize("how", ["request_stop", "kill"])
def test_what_was_answered_with_201_is_there_and_nobody_is_refused_for_longer_than_a_reconnect(
    how: str, pair: Pair
) -> None:
    # No machine offers that agent, so that nothing runs.
    key = pair.project(f"ROLLING-{how}".upper(), NOBODY_RUNS, agentType="codex")
    people = People(pair, key)
    with people.at_work():
        for name in SERVERS:
            before = people.created()
            wait_for(lambda least=before + 20: people.created() > least, "tasks")
            getattr(pair.stack.processes[name], how)()
            pair.stack.processes[name].wait(20)
            before = people.created()
            wait_for(lambda least=before + 20: people.created() > least, "tasks at the other one")
            pair.restart(name)
    assert {status for _, status in people.answers} == {201}
    assert people.refused_for < RECONNECT, f"{people.refused} tries were refused"
    of_project = f"JOIN projects ON project_id = projects.id WHERE key = '{key}'"
    kept = Counter(row[0] for row in rows(pair, f"SELECT description FROM tasks {of_project}"))
    assert kept == Counter(description for description, _ in people.answers), "each of them, once"


def test_a_request_in_flight_ends_well_before_its_server_does(pair: Pair) -> None:
    """It waits for a row that is locked while the server is asked to end."""
    task = pair.task(pair.project("IN-FLIGHT", NOBODY_RUNS, agentType="codex"))
    server = pair.stack.processes[SERVERS[0]]
    port = pair.ports[SERVERS[0]]
    url = f"http://{ports.LOOPBACK}:{port}{task.path}/cancel"
    headers = {"Authorization": f"Bearer {pair.api.token}"}
    with ThreadPoolExecutor(1) as pool, pair.database.connect() as holder:
        holder.execute(sa.text("SELECT FROM tasks WHERE id = :id FOR UPDATE"), {"id": task.id})
        asked = pool.submit(httpx.post, url, json={}, headers=headers, timeout=30)
        wait_for(lambda: rows(pair, WAITING), "request that waits")
        server.request_stop()
        wait_for(lambda: refuses(port), "end of listening")
        assert server.poll() is None
        holder.rollback()
        answer = asked.result()
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert server.wait(20) is not None


# Of a long query Postgres shows the beginning alone: its columns, and not what they are of.
WAITING = (
    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%tasks.id%'"
)


def rows(pair: Pair, query: str) -> list[Any]:
    with pair.database.connect() as connection:
        return list(connection.execute(sa.text(query)))


def refuses(port: int) -> bool:
    try:
        httpx.get(f"http://{ports.LOOPBACK}:{port}/healthz", timeout=1)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False
