"""The wrapper around each WebSocket's connection: complete writes, one writer at a time, no
deflate.

simple-websocket 1.1 calls `sock.send` once and drops the rest of a short write. Under gevent that
happens as soon as a peer is slow, and its pongs and closes bypass any lock around `ws.send`. So the
socket itself is wrapped. It also accepts permessage-deflate, which costs 105 KB of zlib state per
socket, so the client's offer is dropped here.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

MAX_UNSENT_BYTES = 128 * 1024

# The names under which WSGI servers provide the connection (gunicorn, werkzeug).
_SOCKET_KEYS = ("gunicorn.socket", "werkzeug.socket")


def set_user_timeout(environ: Environ, seconds: float) -> None:
    """Make the kernel close the request's connection if its peer acknowledges nothing for
    `seconds`.

    Otherwise, a write to such a peer would wait forever.
    """
    for key in _SOCKET_KEYS:
        if key in environ:
            environ[key].setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000)
            )


def limit_unsent_bytes(environ: Environ) -> None:
    """Limit the kernel's send buffer, so that it holds little for a slow client; by default it
    takes megabytes.
    """
    for key in _SOCKET_KEYS:
        if key in environ and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            environ[key].setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)


class PeerGone(BrokenPipeError):
    """The peer disconnected before everything was written."""


class SendAllSocket:
    """A socket whose `send` returns only after writing everything, one writer at a time."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._lock = threading.Lock()
        self._is_intact = True
        self.is_full: Callable[[], bool] = lambda: False

    def recv(self, size: int, *flags: int) -> bytes:
        """Read up to `size` bytes. Waits while `is_full`: the library's own buffer is unbounded."""
        while self.is_full():
            time.sleep(0.01)
        # Under gevent, a socket that always has more to read would starve all others.
        time.sleep(0)
        data: bytes = self._sock.recv(size, *flags)
        return data

    def send(self, data: bytes, *flags: int) -> int:
        """Write all of `data` and return its length. Raises PeerGone, TimeoutError."""
        with self._lock:
            if not self._is_intact:
                raise PeerGone("an earlier write was cut short")
            self._is_intact = False
            try:
                # Usually this writes everything, and gevent's sendall costs more than send.
                sent = self._sock.send(data, *flags)
                if sent < len(data):
                    self._sock.sendall(memoryview(data)[sent:], *flags)
            except (ConnectionError, ssl.SSLError) as error:
                raise PeerGone(str(error)) from error
            self._is_intact = True
        return len(data)

    sendall = send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class DeferredThread(threading.Thread):
    """simple-websocket's reading thread, which runs only after `start_reading`.

    Terminals read their connections themselves (`app.terminals.websocket`) and never call it.
    """

    def start(self) -> None:
        """Do nothing: the library calls this as soon as the connection is open."""

    def start_reading(self) -> None:
        """Start the thread."""
        super().start()


class WebSocketMiddleware:
    """Puts a SendAllSocket into the WSGI environment of every WebSocket handshake."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            for key in _SOCKET_KEYS:
                if key in environ:
                    environ[key] = SendAllSocket(environ[key])
        return self._app(environ, start_response)
