"""The time limit for a request's body: some seconds, plus more for the bytes received."""

import time
from typing import Any

from werkzeug.exceptions import RequestTimeout

from app.http_server.anonymous_connections import AnonymousConnection

GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 16 * 1024


class BodyTimeoutSocket:
    """A connection for the reader of one request's body: its reads time out."""

    def __init__(self, sock: Any, visit: AnonymousConnection) -> None:
        self._sock, self._connection = sock, visit
        self._started_at: float | None = None
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises RequestTimeout if they arrive too slowly."""
        if self._started_at is None:
            self._started_at = time.monotonic()
        allowed = GRACE_SECONDS + self._received / MIN_BYTES_PER_SECOND
        left = self._started_at + allowed - time.monotonic()
        if left <= 0:
            raise RequestTimeout("The body arrived too slowly.")
        self._connection.is_waiting = True
        self._sock.settimeout(left)
        try:
            data: bytes = self._sock.recv(size)
        except TimeoutError:
            # Not an OSError: Werkzeug would treat that as a disconnected client.
            raise RequestTimeout("The body arrived too slowly.") from None
        finally:
            self._sock.settimeout(None)
            self._connection.is_waiting = False
        self._received += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
