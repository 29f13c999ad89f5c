"""The files of a bundle, each of which can be read twice and says the same both times.

The first reading is for sizes and checksums, which stand before the bytes that they are of; no
transaction lasts from one to the other. What grows meanwhile (logs, transcripts, events) is read up
to where it ended when the bundle was asked for; what may change is kept (`Spooled`).
"""

import json
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from app.domain.timestamps import to_rfc3339

IN_MEMORY_BYTES = 256 * 1024  # more of what is kept lies on the disk
CHUNK_BYTES = 64 * 1024


class Part(NamedTuple):
    """A file of that name. `read` gives its bytes in pieces, between which no session is held."""

    name: str
    read: Callable[[], Iterator[bytes]]


class Spooled:
    """Bytes that were written once and are read again, in bounded memory."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        for piece in pieces:
            self._file.write(piece)

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def read(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """All of it, in pieces of that size."""
        self._file.seek(0)
        while piece := self._file.read(size):
            yield piece


def encode_line(value: Any) -> bytes:
    """The value as JSON in its one spelling, with a line's end."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=to_rfc3339
    )
    return text.encode() + b"\n"


def join_chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    waiting = bytearray()
    for one in lines:
        waiting += one
        if len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def encode_array(items: Iterable[Any]) -> Iterator[bytes]:
    """A JSON array, with an item a line."""
    comma = b"[\n"
    for item in items:
        yield comma + encode_line(item)[:-1]
        comma = b",\n"
    yield b"\n]\n" if comma == b",\n" else b"[]\n"
