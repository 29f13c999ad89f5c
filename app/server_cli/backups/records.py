"""The records of a backup's stream: a kind, a length and the content.

header  {format, madeAt, version, revision, sequences}; sequences by name, the last number of each;
        restoring needs a release that knows `revision`, which may be newer than `version`
keys    {name: value}, as in the environment
table   {name, columns}; then its rows, in COPY's format, in compressed `rows` records;
        then `table-end` {rows}
end     {}
"""

import json
import struct
import zlib
from enum import IntEnum
from typing import Any

from app.server_cli.backups.encryption import TRUNCATED, EncryptedReader, EncryptedWriter
from app.server_cli.backups.errors import InvalidBackup

_HEADER = struct.Struct(">BI")
MAX_RECORD_BYTES = 64 << 20  # bytes of a record, compressed or not
ROWS_CHUNK_BYTES = 1 << 20  # bytes of rows that are compressed together
_COMPRESSION_LEVEL = 6


class RecordKind(IntEnum):
    HEADER = 1
    KEYS = 2
    TABLE = 3
    ROWS = 4
    TABLE_END = 5
    END = 6


class RecordWriter:
    """Writes records. COPY can write to `rows_writer`."""

    def __init__(self, stream: EncryptedWriter) -> None:
        self._stream = stream

    def write(self, kind: RecordKind, content: dict[str, Any]) -> None:
        """Write a record."""
        self._write(kind, json.dumps(content, separators=(",", ":")).encode())

    def rows_writer(self) -> "RowsWriter":
        """Return a file for the rows of the last table record."""
        return RowsWriter(self)

    def write_rows(self, data: bytes) -> None:
        """Write rows, or a part of some."""
        self._write(RecordKind.ROWS, zlib.compress(data, _COMPRESSION_LEVEL))

    def _write(self, kind: RecordKind, content: bytes) -> None:
        self._stream.write(_HEADER.pack(kind, len(content)) + content)


class RowsWriter:
    """A file for COPY to write rows to; `close` it."""

    def __init__(self, writer: RecordWriter) -> None:
        self._writer = writer
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        """Add rows or a part of some."""
        self._buffer += data
        while len(self._buffer) >= ROWS_CHUNK_BYTES:
            self._writer.write_rows(bytes(self._buffer[:ROWS_CHUNK_BYTES]))
            del self._buffer[:ROWS_CHUNK_BYTES]
        return len(data)

    def close(self) -> None:
        """Write the remaining rows."""
        if self._buffer:
            self._writer.write_rows(bytes(self._buffer))
            self._buffer.clear()


class RecordReader:
    """Reads records. Raises InvalidBackup for invalid ones."""

    def __init__(self, stream: EncryptedReader) -> None:
        self._stream = stream
        self._peeked: tuple[RecordKind, bytes] | None = None

    def next_kind(self) -> RecordKind:
        """The kind of the next record."""
        if self._peeked is None:
            self._peeked = self._read_record()
        return self._peeked[0]

    def read(self, kind: RecordKind) -> dict[str, Any]:
        """Return the content of the next record, which must be of that kind."""
        content = json.loads(self._expect(kind))
        if not isinstance(content, dict):
            raise InvalidBackup(TRUNCATED)
        return content

    def read_rows(self) -> bytes:
        """The next record's rows."""
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(self._expect(RecordKind.ROWS), MAX_RECORD_BYTES)
        if not unpacking.eof:
            raise InvalidBackup(TRUNCATED)
        return data

    def expect_end(self) -> None:
        """Read the last record. After it the stream is complete and authentic."""
        self.read(RecordKind.END)
        if self._stream.read(1):
            raise InvalidBackup(TRUNCATED)

    def _expect(self, kind: RecordKind) -> bytes:
        if self.next_kind() is not kind or self._peeked is None:
            raise InvalidBackup(TRUNCATED)
        content, self._peeked = self._peeked[1], None
        return content

    def _read_record(self) -> tuple[RecordKind, bytes]:
        head = self._stream.read(_HEADER.size)
        if len(head) < _HEADER.size:
            raise InvalidBackup(TRUNCATED)
        kind, size = _HEADER.unpack(head)
        content = self._stream.read(size) if size <= MAX_RECORD_BYTES else b""
        if len(content) < size or size > MAX_RECORD_BYTES or kind not in set(RecordKind):
            raise InvalidBackup(TRUNCATED)
        return RecordKind(kind), content


class RowsReader:
    """A file for COPY to read a table's rows from."""

    def __init__(self, reader: RecordReader) -> None:
        self._reader = reader
        self._buffer = bytearray()

    def read(self, size: int = ROWS_CHUNK_BYTES) -> bytes:
        """Return more rows, or a part of some; empty at the end of the table."""
        if not self._buffer and self._reader.next_kind() is RecordKind.ROWS:
            self._buffer += self._reader.read_rows()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found
