"""Postgres goes away and comes back under a server that stays."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.outages.conftest import PASSWORD, Server, check_away

Eventually = Callable[[Callable[[], bool]], None]
AT_ONCE = 16  # and so many connections in each process's pool


def statuses(server: Server, requests: int) -> Counter[int]:
    def ask(_: int) -> int:
        return server.http.get("/api/web/tasks").status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(ask, range(requests)))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_after_a_restart_no_request_meets_a_dead_connection(server: Server, how: str) -> None:
    assert statuses(server, 100) == {200: 100}  # the pools are full of connections
    getattr(server, how)("postgres")
    server.restart("postgres")
    assert statuses(server, 100) == {200: 100}


def test_while_it_is_away_all_that_needs_it_is_503_and_nothing_else_is(server: Server) -> None:
    server.stop("postgres")
    check_away(server.http.get("/api/web/tasks"))
    check_away(server.create_task("never"))
    check_away(server.login())
    ready = httpx.get(server.gunicorn.url + "/readyz")
    assert (ready.status_code, "postgres" in ready.json()["missing"]) == (503, True)
    assert httpx.get(server.gunicorn.url + "/healthz").status_code == 200
    assert httpx.get(server.gunicorn.url + "/metrics").status_code == 200
    server.restart("postgres")
    assert "never" not in server.descriptions()


def test_requests_that_failed_leave_no_connection_behind(server: Server) -> None:
    server.stop("postgres")
    assert statuses(server, 200) == {503: 200}
    server.restart("postgres")
    assert statuses(server, 200) == {200: 200}


def test_what_was_answered_with_201_is_there_and_nothing_is_a_500(
    server: Server, eventually: Eventually
) -> None:
    """Postgres ends twice, orderly and not, in the middle of everything."""
    is_over = threading.Event()
    answered: list[tuple[str, int]] = []

    def keep_creating(who: int) -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            description = f"task {who}.{number}"
            answered.append((description, server.create_task(description).status_code))

    def created() -> int:
        return sum(status == 201 for _, status in answered)

    with ThreadPoolExecutor(8) as pool:
        people = [pool.submit(keep_creating, who) for who in range(8)]
        try:
            for how in ("stop", "kill"):
                before = created()
                eventually(lambda least=before + 100: created() > least)  # type: ignore[misc]
                getattr(server, how)("postgres")
                refused = len(answered)
                eventually(lambda least=refused + 20: len(answered) > least)  # type: ignore[misc]
                server.restart("postgres")
            before = created()
            eventually(lambda: created() > before + 100)
        finally:
            is_over.set()
        for person in people:
            person.result()
    assert {status for _, status in answered} == {201, 503}
    kept = {description for description, status in answered if status == 201}
    assert kept <= server.descriptions()


def test_a_frozen_postgres_holds_no_probe_and_no_request_for_long(
    server: Server, eventually: Eventually
) -> None:
    assert statuses(server, 50) == {200: 50}
    postmaster = psutil.Process(server.services.processes["postgres"].pid)
    frozen = [postmaster, *postmaster.children(recursive=True)]
    for process in frozen:
        process.suspend()
    try:
        ready = httpx.get(server.gunicorn.url + "/readyz", timeout=10)
        assert (ready.status_code, "postgres" in ready.json()["missing"]) == (503, True)
        check_away(server.http.get("/api/web/tasks", timeout=30))
    finally:
        for process in frozen:
            process.resume()
    eventually(lambda: server.login(PASSWORD).status_code == 200)
    assert statuses(server, 50) == {200: 50}
