"""The floor of updates: a Redis channel whose messages are sent as Server-Sent Events.

It has no rows, permissions or resuming. Served by gunicorn with one gevent worker; `SSE_REDIS` is
the server's URL.
"""

import os
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response
from redis import Redis

CHANNEL = "bare-news"

app = Flask(__name__)
_redis: Any = Redis.from_url(os.environ.get("SSE_REDIS", "redis://"))


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "up"}


@app.get("/stream")
def stream() -> Response:
    return Response(_messages(), content_type="text/event-stream")


def _messages() -> Iterator[bytes]:
    with _redis.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(CHANNEL)
        yield b"event: hello\ndata: null\n\n"
        while True:
            message = subscription.get_message(timeout=5)
            if message is not None:
                yield b"event: update\ndata: " + message["data"] + b"\n\n"
