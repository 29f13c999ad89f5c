"""Connect to the server's WebSockets."""

import ssl
from typing import Any

from websockets.sync.client import ClientConnection

from muster.protocol.plain_http import is_plain_http_error
from muster.worker.server.credentials import Credentials
from muster.worker.server.rest_client import create_tls_context, is_loopback, wrong_scheme_text
from muster.worker.server.websocket_connect import connect

RESPONSE_TIMEOUT_SECONDS = 10.0
"""Seconds for the server to respond."""


def dial(
    known: Credentials, path: str, *, largest: int, queue: int, kind: Any = ClientConnection
) -> Any:
    """Return a connection of that kind to a path of the server; it accepts messages of `largest`
    bytes, and buffers `queue` of them. Raises OSError, InvalidHandshake."""
    secure = known.server.startswith("https:")
    try:
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
    except ssl.SSLError as error:
        if not is_plain_http_error(error):
            raise
        raise ConnectionError(wrong_scheme_text(known.server)) from error
