"""An attempt's log as an HTTP resource: complete, a range, or 304 (RFC 9110).

The body omits bytes that the machine has lost. `X-Log-Gaps` has their offsets in the attempt's log
as `from-to`, without `to`. Range offsets count within the body.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.api import response_limits
from app.api.streaming import stream_in_contexts
from app.services.logs.logs import RawLog

CONTENT_TYPE = "application/octet-stream"
BINARY = {"type": "string", "format": "binary"}
HEADERS = {
    "ETag": {
        "required": True,
        "schema": {"type": "string"},
        "description": "depends on the attempt and the log's length",
    },
    "Accept-Ranges": {"required": True, "schema": {"type": "string", "enum": ["bytes"]}},
    "X-Log-Gaps": {
        "schema": {"type": "string"},
        "description": "lost bytes, as offsets in the attempt: `from-to, from-to`",
    },
}
PART_HEADERS = {
    **HEADERS,
    "Content-Range": {"required": True, "schema": {"type": "string", "pattern": "^bytes "}},
}
PARAMETERS = [
    {
        "in": "header",
        "name": name,
        "required": False,
        "schema": {"type": "string"},
        "description": description,
    }
    for name, description in (
        ("Range", "one byte range, such as `bytes=-4096`; others are ignored"),
        ("If-Range", "an `ETag`: send the range only if it still matches"),
        ("If-None-Match", "an `ETag`: send the bytes only if it has a different one"),
    )
]


class Part(NamedTuple):
    """The bytes [start, stop) of the body."""

    start: int
    stop: int


def log_response(log: RawLog) -> Response:
    """Return the response to the current request. Raises RequestedRangeNotSatisfiable."""
    size = log.size - sum(end - start for start, end in log.gaps)
    etag = f"{log.attempt}-{log.size}"
    if log.size and not size:  # it was deleted because its retention period is over
        etag += "-gone"
    asked = _requested_range(size, etag)
    part = asked or Part(0, size)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = app.response_class(
        _read_part(app, log, part), 206 if asked else 200, content_type=CONTENT_TYPE
    )
    response.content_length = part.stop - part.start
    response.headers["Accept-Ranges"] = "bytes"
    if asked:
        response.headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    if log.gaps:
        response.headers["X-Log-Gaps"] = ", ".join(f"{start}-{end}" for start, end in log.gaps)
    response.set_etag(etag)
    response.make_conditional(request)  # If-None-Match
    return response_limits.limit_response(response)


def _requested_range(size: int, etag: str) -> Part | None:
    """Return the single range of the request; None for other requests, which get everything.

    Raises RequestedRangeNotSatisfiable.
    """
    asked = request.range
    if request.method != "GET" or asked is None or len(asked.ranges) != 1:
        return None
    if asked.units != "bytes" or not _matches_if_range(etag):
        return None
    start, stop = asked.ranges[0]
    if start < 0:  # counted from the end
        start = max(0, size + start)
    if start >= size:
        raise RequestedRangeNotSatisfiable(size)
    return Part(start, size if stop is None else min(stop, size))


def _matches_if_range(etag: str) -> bool:
    """Whether If-Range holds: the client's earlier part has the same version of the log."""
    condition = request.if_range
    if condition.date is not None:
        return False  # our responses have no Last-Modified
    return condition.etag is None or condition.etag == etag


def _read_part(app: Flask, log: RawLog, part: Part) -> Iterator[bytes]:
    """Yield the part in chunks."""
    if part.start == part.stop:
        return
    first, last = (_attempt_offset(position, log.gaps) for position in (part.start, part.stop - 1))
    yield from stream_in_contexts(app, log.read(first, last + 1))


def _attempt_offset(position: int, gaps: Sequence[tuple[int, int]]) -> int:
    """Return the offset in the attempt's log of a byte of the body."""
    for start, end in gaps:
        if position < start:
            break
        position += end - start
    return position
