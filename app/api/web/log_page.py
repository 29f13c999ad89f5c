"""A page of an attempt's log as JSON, built line by line.

It's never completely in memory, however slowly the client reads it.
"""

import codecs
import json
from collections.abc import Generator, Iterator

from flask import Flask, Response, current_app

from app.api import response_limits
from app.api.pagination import PAGE_BYTES
from app.api.streaming import stream_in_contexts
from app.services.logs.lines import Line
from app.services.logs.logs import LogPage

_TEXT_BYTES = 4 * 1024
"""Bytes of text encoded at a time; as JSON, they may take six times as much."""
_CHUNK_BYTES = 16 * 1024
"""Bytes of JSON sent at a time."""
_ENVELOPE = 200
"""Maximum bytes outside the items."""


def page_response(page: LogPage) -> Response:
    """Return the response with the page.

    It ends before it becomes too large: `nextOffset` is where to continue. Raises TooManyRequests.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = Response(stream_in_contexts(app, _chunks(page)), content_type="application/json")
    return response_limits.limit_response(response)


def _chunks(page: LogPage) -> Iterator[bytes]:
    """Yield the JSON in chunks; short ones are sent together."""
    waiting = bytearray(b'{"items": [')
    follows = yield from _items(page, waiting)
    rest = {
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
        "nextOffset": follows,
    }
    yield bytes(waiting) + b"], " + json.dumps(rest).encode()[1:] + b"\n"


def _items(page: LogPage, waiting: bytearray) -> Generator[bytes, None, int | None]:
    """Yield the items; `waiting` has the last ones at the end. Returns the next line's number."""
    size = _ENVELOPE
    for line in page.lines:
        is_first = size == _ENVELOPE
        size += sum(map(len, _encode_line(line))) + 2
        if size > PAGE_BYTES:
            return line.number
        waiting += b"" if is_first else b", "
        for part in _encode_line(line):
            waiting += part
            if len(waiting) >= _CHUNK_BYTES:
                yield bytes(waiting)
                waiting.clear()
    end = page.offset + page.limit
    return end if end < page.total else None


def _encode_line(line: Line) -> Iterator[bytes]:
    """Yield the line as JSON, in parts."""
    facts = {
        "number": line.number,
        "attempt": line.attempt,
        "stageIndex": line.stage_index,
        "truncated": line.truncated,
    }
    yield json.dumps(facts)[:-1].encode() + b', "text": "'
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for at in range(0, len(line.data), _TEXT_BYTES):
        is_last = at + _TEXT_BYTES >= len(line.data)
        text = decoder.decode(line.data[at : at + _TEXT_BYTES], is_last)
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield b'"}'
