"""The files of a bundle. Each can be read twice with the same result.

The first reading is for sizes and checksums, which precede the bytes; no transaction spans both.
Growing data (logs, transcripts, events) is read up to its end at the time of the request;
changeable data is stored (`Spooled`).
"""

import json
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from app.domain.timestamps import to_rfc3339

IN_MEMORY_BYTES = 256 * 1024  # beyond this, data goes to disk
CHUNK_BYTES = 64 * 1024


class Part(NamedTuple):
    """A file with that name. `read` yields its bytes in chunks, between which no session is
    held.
    """

    name: str
    read: Callable[[], Iterator[bytes]]


class Spooled:
    """Bytes that are written once and read again, in bounded memory."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        for piece in pieces:
            self._file.write(piece)

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def read(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield all of it, in chunks of that size."""
        self._file.seek(0)
        while piece := self._file.read(size):
            yield piece


def encode_line(value: Any) -> bytes:
    """Return the value as canonical JSON, with a line end."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=to_rfc3339
    )
    return text.encode() + b"\n"


def join_chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in fewer chunks."""
    waiting = bytearray()
    for one in lines:
        waiting += one
        if len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def encode_array(items: Iterable[Any]) -> Iterator[bytes]:
    """Yield a JSON array, one item per line."""
    comma = b"[\n"
    for item in items:
        yield comma + encode_line(item)[:-1]
        comma = b",\n"
    yield b"\n]\n" if comma == b",\n" else b"[]\n"
