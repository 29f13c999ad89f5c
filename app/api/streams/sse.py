"""The form of an event stream, as browsers' `EventSource` reads it."""

import json
from typing import Any

from app.domain.snapshot import Snapshot
from app.services.logs.tail import StreamCursor

StreamPosition = Snapshot | StreamCursor

CONTENT_TYPE = "text/event-stream"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that collects answers would keep news to itself
}
RETRY_MILLISECONDS = 2000


def message(event: str, data: Any, seen: StreamPosition) -> bytes:
    """The bytes of one event. A client that has it has read up to `seen`."""
    return f"event: {event}\nid: {seen}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def heartbeat(seen: StreamPosition) -> bytes:
    """The bytes of a comment, which no client sees as an event, with how far the stream is read."""
    return f": here\nid: {seen}\n\n".encode()


def retry_line() -> bytes:
    """The first bytes of a stream: how soon a client whose connection breaks comes back."""
    return f"retry: {RETRY_MILLISECONDS}\n\n".encode()
