"""The line to a fake server, which tests can cut anywhere."""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

LIMIT = 20.0
PLAIN = (
    b"POST",
    b"GET /api/web/tasks/",
    b"GET /install",
    b"GET /readyz",
    b"GET /api/workers/images/",
)


class Line:
    """One port for both: POST requests, and paths of PLAIN, go to the API, everything else to the
    sockets. Can be cut anywhere."""

    def __init__(self, sockets: int, http: int) -> None:
        self._ports = {True: http, False: sockets}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cuts: deque[int] = deque()  # still to come
        self.refuse = False  # whether it closes every new connection
        self.arrivals: list[float] = []  # times of new connections, by the monotonic clock
        self._counting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._over = False
        self._start(self._accept)

    def cut_after(self, *sizes: int) -> None:
        """Break the channel's connection after that many more bytes upward; the next one too, after
        its own number.

        Bytes on their way down are lost with it: an order that must survive a cut must have
        arrived.
        """
        with self._counting:
            self.cuts = deque(sizes)

    def cut(self) -> None:
        for pair in list(self._pairs):
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._over = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in list(self._threads):
            thread.join(LIMIT)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.arrivals.append(time.monotonic())
            if self.refuse:
                client.close()
            else:
                self._start(self._join, client)

    def _join(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            is_plain = client.recv(max(map(len, PLAIN)), socket.MSG_PEEK).startswith(PLAIN)
            with socket.create_connection(("127.0.0.1", self._ports[is_plain])) as server:
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
                pair = (client, server)
                self._pairs.append(pair)
                self._pass(client, server, is_plain)
                self._pairs.remove(pair)

    def _pass(self, client: socket.socket, server: socket.socket, is_plain: bool) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    received = key.fileobj.recv(256 << 10)  # type: ignore[union-attr]
                    if key.fileobj is client and not is_plain:
                        received = self._bounded(received)
                    if not received:
                        return
                    key.data.sendall(received)

    def _bounded(self, received: bytes) -> bytes:
        with self._counting:
            if not self.cuts:
                return received
            self.cuts[0] -= len(received)
            if self.cuts[0] >= 0:
                return received
            self.cuts.popleft()
            return b""
