"""Where webhooks end in tests: an HTTP server on loopback that counts what reached it."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_DELIVERY = re.compile(rb'"delivery_?[iI]d": ?(\d+)')


class Sink:
    """`received` counts by delivery. `hear` gets the count at each, before the response; a
    response takes `seconds`.
    """

    def __init__(self) -> None:
        self.received: Counter[int] = Counter()
        self.on_receive: Callable[[int], None] = lambda _: None
        self.seconds = 0.0
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink._receive(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    """The sender has been killed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def _receive(self, body: bytes) -> None:
        found = _DELIVERY.search(body)
        assert found is not None, body
        with self._lock:
            self.received[int(found[1])] += 1
            count = self.received.total()
        self.on_receive(count)
        time.sleep(self.seconds)

    @contextmanager
    def open(self) -> Iterator["Sink"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
