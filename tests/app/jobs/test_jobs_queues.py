"""A job goes into its queue, once, and a broker that is away is noticed soon."""

import time

import pytest
from celery.beat import Scheduler
from flask import Flask
from kombu.exceptions import OperationalError

import config
from app import job_names, jobs
from app.extensions import get_celery, redis
from app.factory import QUEUES, create_app
from app.jobs.schedule import INTERVALS
from tests.conftest import SECRETS


@pytest.mark.parametrize("name", jobs.JOBS)
def test_a_job_goes_into_the_queue_of_its_name_alone(app: Flask, name: str) -> None:
    get_celery(app).send_task(name)
    waiting = {queue: redis.client.llen(queue) for queue in QUEUES}
    assert waiting == {queue: int(name.startswith(queue)) for queue in QUEUES}


def test_a_job_is_json(app: Flask) -> None:
    get_celery(app).send_task(job_names.DISPATCH)
    [message] = redis.client.lrange("dispatch", 0, -1)
    assert b"application/json" in message


def test_a_beat_that_is_new_sends_all_of_it_at_once(app: Flask) -> None:
    scheduler = Scheduler(get_celery(app), lazy=True)
    scheduler.setup_schedule()
    assert {name for name in INTERVALS if scheduler.schedule[name].is_due().is_due} == set(
        INTERVALS
    )


def test_sending_fails_soon_while_redis_is_away() -> None:
    app = create_app(
        config.load(
            {
                **SECRETS,
                "DATABASE_URL": "postgresql://127.0.0.1:1/no",
                "REDIS_URL": "redis://127.0.0.1:1/0",
            }
        )
    )
    began = time.monotonic()
    with pytest.raises(OperationalError):
        get_celery(app).send_task(job_names.DISPATCH)
    assert time.monotonic() - began < 2
