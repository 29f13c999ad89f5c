"""A process's connections to Redis stay: so they are few, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask

from app import job_names
from app.extensions import MAX_REDIS_CONNECTIONS, get_celery, redis

CROWD = 5 * MAX_REDIS_CONNECTIONS


def test_a_crowd_is_served_over_a_few_connections(app: Flask) -> None:
    client, together = redis.client, Barrier(CROWD)

    def ask(number: int) -> bytes | None:
        together.wait(30)
        # Long enough for all to be on their way at once.
        return client.blpop([f"test:crowd:{number}"], timeout=0.05)

    # An earlier test of this process may have opened all of them already.
    client.connection_pool.disconnect(inuse_connections=False)
    before = {each["id"] for each in client.client_list()}
    with ThreadPoolExecutor(CROWD) as crowd:
        assert list(crowd.map(ask, range(CROWD))) == [None] * CROWD
    made = [each for each in client.client_list() if each["id"] not in before]
    assert 0 < len(made) <= MAX_REDIS_CONNECTIONS


def test_a_crowd_that_wakes_dispatchers_makes_no_connections_of_its_own(app: Flask) -> None:
    client, celery, together = redis.client, get_celery(app), Barrier(CROWD)

    def send(_: int) -> None:
        together.wait(30)
        celery.send_task(job_names.DISPATCH, ignore_result=True, retry=False)

    before = {each["id"] for each in client.client_list()}
    with ThreadPoolExecutor(CROWD) as crowd:
        list(crowd.map(send, range(CROWD)))
    made = [each for each in client.client_list() if each["id"] not in before]
    assert len(made) <= 2
    assert client.llen("dispatch") == CROWD
    client.delete("dispatch")
