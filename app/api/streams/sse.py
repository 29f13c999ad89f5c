"""The format of event streams, as browsers' `EventSource` expects it."""

import json
from typing import Any

from app.domain.snapshot import Snapshot
from app.services.logs.tail import StreamCursor

StreamPosition = Snapshot | StreamCursor

CONTENT_TYPE = "text/event-stream"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a buffering proxy would delay the updates
}
RETRY_MILLISECONDS = 2000


def message(event: str, data: Any, seen: StreamPosition) -> bytes:
    """Return the bytes of one event. A client that has it has read up to `seen`."""
    return f"event: {event}\nid: {seen}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def heartbeat(seen: StreamPosition) -> bytes:
    """Return the bytes of a comment with the stream's position; clients see no event."""
    return f": here\nid: {seen}\n\n".encode()


def retry_line() -> bytes:
    """Return the first bytes of a stream: the client's delay before it reconnects."""
    return f"retry: {RETRY_MILLISECONDS}\n\n".encode()
