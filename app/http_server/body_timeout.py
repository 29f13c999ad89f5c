"""How long the body of a request may take: some seconds, and more for what has come of it."""

import time
from typing import Any

from werkzeug.exceptions import RequestTimeout

from app.http_server.anonymous_connections import AnonymousConnection

GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 16 * 1024


class BodyTimeoutSocket:
    """A connection as the reader of one request's body sees it: its reads end in time."""

    def __init__(self, sock: Any, visit: AnonymousConnection) -> None:
        self._sock, self._connection = sock, visit
        self._started_at: float | None = None
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Read up to `size` bytes. Raises RequestTimeout where they come too slowly."""
        if self._started_at is None:
            self._started_at = time.monotonic()
        allowed = GRACE_SECONDS + self._received / MIN_BYTES_PER_SECOND
        left = self._started_at + allowed - time.monotonic()
        if left <= 0:
            raise RequestTimeout("The body came too slowly.")
        self._connection.is_waiting = True
        self._sock.settimeout(left)
        try:
            data: bytes = self._sock.recv(size)
        except TimeoutError:
            # No OSError: Werkzeug would take that for a client who has hung up.
            raise RequestTimeout("The body came too slowly.") from None
        finally:
            self._sock.settimeout(None)
            self._connection.is_waiting = False
        self._received += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
