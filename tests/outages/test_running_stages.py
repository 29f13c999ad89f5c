"""Servers come and go while a stage runs on a real machine: it runs on, and no byte is lost."""

import signal
from collections.abc import Callable

import pytest
import redis

from tests.gunicorns import SERVERS
from tests.outages.pair import Counting, Pair


def unharmed(task: Counting) -> None:
    """Nothing of it was done twice."""
    assert [e["type"] for e in task.events("assigned", "stage_started", "requeued", "failed")] == [
        "assigned",
        "stage_started",
    ]


# ---- all at once ---------------------------------------------------------------------------------


def stop_everything(pair: Pair) -> None:
    names = ("beat", "dispatcher", "celery", *SERVERS)
    for name in names:
        pair.stack.processes[name].request_stop()
    for name in names:
        pair.stack.processes[name].finish_stop()
    pair.restart(*names)


def kill_both(pair: Pair) -> None:
    for name in SERVERS:
        pair.stack.processes[name].kill()
        pair.stack.processes[name].wait(10)
    pair.restart(*SERVERS)


def empty_redis(pair: Pair) -> None:
    with redis.Redis.from_url(pair.stack.env["REDIS_URL"]) as client:
        client.flushall()


def kill_redis(pair: Pair) -> None:
    pair.stack.processes["valkey"].kill()
    pair.restart("valkey")


def crash_postgres(pair: Pair) -> None:
    """Without a word to its clients; it recovers when it starts."""
    pair.stack.processes["postgres"].send_signal(signal.SIGQUIT)
    pair.stack.processes["postgres"].wait(10)
    pair.restart("postgres")


def restart_postgres(pair: Pair) -> None:
    pair.restart("postgres")


@pytest.mark.parametrize(
    "outage",
    [stop_everything, kill_both, empty_redis, kill_redis, restart_postgres, crash_postgres],
    ids=lambda outage: outage.__name__,
)
def test_a_running_stage_outlives(outage: Callable[[Pair], None], pair: Pair) -> None:
    task = pair.counting(outage.__name__.upper())
    outage(pair)
    behind = pair.task(outage.__name__.upper(), "Made after it.")
    task.wait_for_more()
    assert task.finish()["attempt"] == 1
    unharmed(task)
    behind.wait_for_status("completed")  # and dispatch goes on as well


# ---- one of two ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["request_stop", "kill"])
def test_a_machine_goes_to_the_other_server_and_comes_back(how: str, pair: Pair) -> None:
    """Each of the two ends, one after the other, with the machine on it."""
    generation = pair.start_machine_at(SERVERS[0])
    task = pair.counting(f"ONE-{how}".upper())
    for name, other in (SERVERS, reversed(SERVERS)):
        pair.way.lead_to(pair.ports[other])
        getattr(pair.stack.processes[name], how)()
        generation = pair.wait_until_connected(generation)
        task.wait_for_more()
        pair.restart(name)
    assert task.finish()["attempt"] == 1
    unharmed(task)
    assert task.events("machine_lost") == [], "nobody was silent for so long"


def test_a_machine_leaves_a_server_that_answers_no_heartbeat(pair: Pair) -> None:
    generation = pair.start_machine_at(SERVERS[0])
    task = pair.counting("FROZEN")
    frozen = pair.processes_of(SERVERS[0])
    for process in frozen:
        process.suspend()
    try:
        for door in (pair.way, pair.people):
            door.lead_to(pair.ports[SERVERS[1]])
        pair.wait_until_connected(generation)
        task.wait_for_more()
    finally:
        for process in frozen:
            process.resume()
    task.wait_for_more()
    assert task.finish()["attempt"] == 1
    unharmed(task)
