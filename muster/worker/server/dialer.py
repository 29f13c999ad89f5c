"""Connect to the server's WebSockets."""

from typing import Any

from websockets.sync.client import ClientConnection

from muster.worker.server.credentials import Credentials
from muster.worker.server.rest_client import create_tls_context, is_loopback
from muster.worker.server.websocket_connect import connect

RESPONSE_TIMEOUT_SECONDS = 10.0
"""Seconds for the server to respond."""


def dial(
    known: Credentials, path: str, *, largest: int, queue: int, kind: Any = ClientConnection
) -> Any:
    """Return a connection of that kind to a path of the server; it accepts messages of `largest`
    bytes, and buffers `queue` of them. Raises OSError, InvalidHandshake."""
    secure = known.server.startswith("https:")
    return connect(
        f"ws{known.server.removeprefix('http')}{path}",
        ssl=create_tls_context(known.ca_file) if secure else None,
        create_connection=kind,
        compression=None,
        max_size=largest,
        max_queue=queue,
        open_timeout=RESPONSE_TIMEOUT_SECONDS,
        close_timeout=1.0,
        # The server answers our heartbeats, so pings would add nothing.
        ping_interval=None,
        proxy=None if is_loopback(known.server) else True,
    )
