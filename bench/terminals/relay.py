"""The floor of two hops: two WebSockets and a Valkey stream between them, and nothing else.

There is no token, no offset, no screen and no limit. It is served by gunicorn with one gevent
worker, as Muster is with more; `RELAY_REDIS` names the server. The PTY is held by
`bench.terminals.bare_machine`.
"""

import os
import threading
from typing import Any

from flask import Flask
from flask_sock import Sock
from redis import Redis

_KEPT = 4_000  # entries; more than what a viewer that reads can be behind
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
    """What comes on the socket goes into `put`; what comes into `take` goes out on the socket."""
    threading.Thread(target=_hand_on, args=(ws, take, after), daemon=True).start()
    while True:
        _redis.xadd(put, {"d": ws.receive()}, maxlen=_KEPT, approximate=True)


def _hand_on(ws: Any, stream: str, after: str) -> None:
    while ws.connected:
        for _, entries in _redis.xread({stream: after}, count=_BATCH, block=1000) or ():
            for _, fields in entries:
                ws.send(fields[b"d"])
            after = entries[-1][0]
