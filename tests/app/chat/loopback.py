"""An HTTP server on loopback with scripted responses, which records its requests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOSTS = frozenset({"127.0.0.1"})


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """`drip`: the body comes a byte at a time, with so many seconds in between, until the server
    stops. `never`: nothing comes at all until then.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0.0
    never: bool = False


Answering = Callable[[Asked], Reply]


class Loopback:
    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handlers())
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handlers(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                outer.asked.append(asked)
                reply = outer.answering(asked)
                if reply.never:
                    outer.over.wait()
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                length = 1_000_000 if reply.drip else len(reply.body)
                for name, value in {"Content-Length": str(length), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self._write(reply)

            def _write(self, reply: Reply) -> None:
                try:
                    while reply.drip and not outer.over.wait(reply.drip):
                        self.wfile.write(b"x")
                    self.wfile.write(reply.body)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        return Handler


@contextmanager
def serving(answering: Answering | Reply = Reply()) -> Iterator[Loopback]:
    server = Loopback(answering if callable(answering) else lambda _: answering)
    try:
        yield server
    finally:
        server.close()
