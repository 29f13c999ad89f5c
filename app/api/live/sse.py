"""The form of an event stream, as browsers' `EventSource` reads it."""

import json
from typing import Any

from app.domain.snapshot import Snapshot
from app.services.logs.news import StreamCursor

Seen = Snapshot | StreamCursor

CONTENT_TYPE = "text/event-stream"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that collects answers would keep news to itself
}
RETRY_MILLISECONDS = 2000


def message(event: str, said: Any, seen: Seen) -> bytes:
    """One event; who has it has read up to `seen`."""
    return f"event: {event}\nid: {seen}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n".encode()


def heartbeat(seen: Seen) -> bytes:
    """Nothing to tell; but how far it is read is said."""
    return f": here\nid: {seen}\n\n".encode()


def begin() -> bytes:
    return f"retry: {RETRY_MILLISECONDS}\n\n".encode()
