"""What becomes of a Celery worker's connection when the broker is away for a moment."""

import contextlib
from urllib.parse import urlsplit

from flask import Flask
from kombu import Exchange, Queue

from app.extensions import get_celery
from tests.chaos.proxy import Proxy

QUEUE = Queue("lost", Exchange("lost"), routing_key="lost")


def test_a_connection_that_broke_with_a_job_in_hand_can_be_closed(app: Flask) -> None:
    url = app.config["REDIS_URL"]
    proxy = Proxy()
    door = proxy.open_port(urlsplit(url).port or 0)
    connection = get_celery(app).connection_for_read(url.rpartition(":")[0] + f":{door.port}/0")
    connection.Producer().publish(
        {}, exchange=QUEUE.exchange, routing_key=QUEUE.routing_key, declare=[QUEUE]
    )
    connection.Consumer([QUEUE], callbacks=[lambda *_: None]).consume()
    connection.drain_events(timeout=5)  # a job, which is not acknowledged
    with contextlib.suppress(TimeoutError):
        connection.drain_events(timeout=0.2)  # and the wait for another
    door.refuse()
    # As kombu does it for Celery's consumer: the second time nothing is left to close it with.
    # What is raised then ends the consumer's loop, but not its process.
    channel = connection.default_channel
    with contextlib.suppress(*connection.connection_errors):
        channel.close()
    connection._do_close_transport()
    channel.close()
    proxy.close()
