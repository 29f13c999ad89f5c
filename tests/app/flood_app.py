"""A WSGI app for `test_sockets_under_flood`: several writers flood each WebSocket at once.

With PLAIN_SOCKETS in the environment the sockets are left as gunicorn hands them out.
"""

import os
import threading
from typing import Any

from flask import Flask
from flask_sock import Sock

from app.sockets import WebSocketMiddleware

WRITERS, FRAMES, SIZE = 3, 80, 64 * 1024


def frame(writer: int, number: int) -> bytes:
    """A frame that differs from all others in every stretch of 8 bytes."""
    head = b"%c%c%c" % (writer, number >> 8, number & 255)
    return b"".join(head + i.to_bytes(5, "big") for i in range(SIZE // 8))


app = Flask(__name__)
sock = Sock(app)


@app.get("/healthz")
def healthz() -> str:
    return "here"


@sock.route("/flood")
def flood(ws: Any) -> None:
    def write(writer: int) -> None:
        for number in range(FRAMES):
            ws.send(frame(writer, number))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ws.receive(timeout=30)  # until the peer has had enough


if "PLAIN_SOCKETS" not in os.environ:
    app.wsgi_app = WebSocketMiddleware(app.wsgi_app)  # type: ignore[method-assign]
