"""The records that a backup's stream is made of: a kind, a length, and what it says.

header  {format, madeAt, version, revision, sequences}; sequences by name, the last number of each;
        restoring takes a release that knows `revision`, which may be later than `version`
keys    {name: value}, as the environment has them
table   {name, columns}; then its rows, as COPY has them, in records of `rows`, compressed;
        then `table-end` {rows}
end     {}
"""

import json
import struct
import zlib
from enum import IntEnum
from typing import Any

from app.server_cli.backups.encryption import CUT, SealedReader, SealedWriter
from app.server_cli.backups.errors import Refused

_HEAD = struct.Struct(">BI")
LARGEST = 64 << 20  # bytes of a record, packed or not
ROWS = 1 << 20  # bytes of rows that are packed together
_LEVEL = 6


class Kind(IntEnum):
    HEADER = 1
    KEYS = 2
    TABLE = 3
    ROWS = 4
    TABLE_END = 5
    END = 6


class RecordWriter:
    """Writes records; `rows` is one that COPY may write to."""

    def __init__(self, stream: SealedWriter) -> None:
        self._stream = stream

    def say(self, kind: Kind, content: dict[str, Any]) -> None:
        """Write a record."""
        self._put(kind, json.dumps(content, separators=(",", ":")).encode())

    def rows(self) -> "RowsWriter":
        """Where the rows of the table that was said last go."""
        return RowsWriter(self)

    def put_rows(self, data: bytes) -> None:
        """Write rows, or a part of some."""
        self._put(Kind.ROWS, zlib.compress(data, _LEVEL))

    def _put(self, kind: Kind, content: bytes) -> None:
        self._stream.write(_HEAD.pack(kind, len(content)) + content)


class RowsWriter:
    """A file for COPY to write rows to; `close` it."""

    def __init__(self, writer: RecordWriter) -> None:
        self._writer = writer
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take more rows, or a part of some."""
        self._held += data
        while len(self._held) >= ROWS:
            self._writer.put_rows(bytes(self._held[:ROWS]))
            del self._held[:ROWS]
        return len(data)

    def close(self) -> None:
        """Write what is left."""
        if self._held:
            self._writer.put_rows(bytes(self._held))
            self._held.clear()


class RecordReader:
    """Reads records. Raises Refused for whatever is not in order."""

    def __init__(self, stream: SealedReader) -> None:
        self._stream = stream
        self._peeked: tuple[Kind, bytes] | None = None

    def next_kind(self) -> Kind:
        """The kind of the next record."""
        if self._peeked is None:
            self._peeked = self._take()
        return self._peeked[0]

    def told(self, kind: Kind) -> dict[str, Any]:
        """What the next record says, which is of that kind."""
        content = json.loads(self._of(kind))
        if not isinstance(content, dict):
            raise Refused(CUT)
        return content

    def rows(self) -> bytes:
        """The next record's rows."""
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(self._of(Kind.ROWS), LARGEST)
        if not unpacking.eof:
            raise Refused(CUT)
        return data

    def expect_end(self) -> None:
        """Read the last record. The stream is whole then, and authentic."""
        self.told(Kind.END)
        if self._stream.read(1):
            raise Refused(CUT)

    def _of(self, kind: Kind) -> bytes:
        if self.next_kind() is not kind or self._peeked is None:
            raise Refused(CUT)
        content, self._peeked = self._peeked[1], None
        return content

    def _take(self) -> tuple[Kind, bytes]:
        head = self._stream.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise Refused(CUT)
        kind, size = _HEAD.unpack(head)
        content = self._stream.read(size) if size <= LARGEST else b""
        if len(content) < size or size > LARGEST or kind not in set(Kind):
            raise Refused(CUT)
        return Kind(kind), content


class RowsReader:
    """A file for COPY to read a table's rows from."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self._held = bytearray()

    def read(self, size: int = ROWS) -> bytes:
        """More rows, or a part of some; nothing where the table ends."""
        if not self._held and self._reader.next_kind() is Kind.ROWS:
            self._held += self._reader.rows()
        found = bytes(self._held[:size])
        del self._held[:size]
        return found
