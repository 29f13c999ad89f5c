"""The floor of two hops: two WebSockets and a Valkey stream between them, and nothing else.

It has no token, offset, screen or limit. gunicorn serves it with one gevent worker, Muster with
more; `RELAY_REDIS` is the server's URL. `bench.terminals.bare_machine` has the PTY.
"""

import os
import threading
from typing import Any

from flask import Flask
from flask_sock import Sock
from redis import Redis

_KEPT = 4_000  # entries; more than a reading viewer can be behind
_BATCH = 64

app = Flask(__name__)
sock = Sock(app)
_redis: Any = Redis.from_url(os.environ.get("RELAY_REDIS", ""), max_connections=100)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "up"}


@sock.route("/machine/<name>")
def machine(ws: Any, name: str) -> None:
    _relay(ws, f"bare-down:{name}", f"bare-up:{name}", after="$")


@sock.route("/viewer/<name>")
def viewer(ws: Any, name: str) -> None:
    _relay(ws, f"bare-up:{name}", f"bare-down:{name}", after="$")


def _relay(ws: Any, put: str, take: str, after: str) -> None:
    """Relay messages from the socket to `put`, and from `take` to the socket."""
    threading.Thread(target=_hand_on, args=(ws, take, after), daemon=True).start()
    while True:
        _redis.xadd(put, {"d": ws.receive()}, maxlen=_KEPT, approximate=True)


def _hand_on(ws: Any, stream: str, after: str) -> None:
    while ws.connected:
        for _, entries in _redis.xread({stream: after}, count=_BATCH, block=1000) or ():
            for _, fields in entries:
                ws.send(fields[b"d"])
            after = entries[-1][0]
