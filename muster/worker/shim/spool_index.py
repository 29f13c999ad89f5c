"""`log.index`: the stage and time of each part of the log, in records of one size.

The file is filled with zeros in advance, so that a full disk still has space to record the loss. A
record's kind is its last field: one torn by a crash looks unused.
"""

import errno
import os
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

UNUSED, BYTES, GAP = 0, 1, 2
DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_LAYOUT = struct.Struct("<QQQiI")
_STEP_BYTES = 512 * _LAYOUT.size
_RESERVED_RECORDS = 128
_BATCH_RECORDS = 128


class SpoolRecord(NamedTuple):
    """`offset` is the attempt's, including lost bytes; `place` is the bytes' position in `log`, or
    how many were lost; a record extends to the next one."""

    offset: int
    position: int
    milliseconds: int
    stage: int
    kind: int

    @property
    def is_gap(self) -> bool:
        return self.kind == GAP


class SpoolIndex:
    """The records of one attempt, in order. One process writes, any number read."""

    def __init__(self, path: str, *, writable: bool = False) -> None:
        flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        self._file = os.open(path, flags, 0o600)
        slots = os.fstat(self._file).st_size // _LAYOUT.size
        self._count = bisect_left(range(slots), 1, key=lambda at: self[at].kind == UNUSED)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: int) -> SpoolRecord:
        return _parse_record(os.pread(self._file, _LAYOUT.size, at * _LAYOUT.size))

    def last(self) -> SpoolRecord | None:
        return self[self._count - 1] if self._count else None

    def refresh(self) -> None:
        """Count the writer's new records."""
        while found := sum(1 for _ in self._read_batch(self._count)):
            self._count += found

    def index_at(self, offset: int) -> int:
        """Return the index of the last record that starts at or before `offset`."""
        found = bisect_right(range(self._count), offset, key=lambda at: self[at].offset)
        return max(0, found - 1)

    def records_from(self, at: int) -> Iterator[SpoolRecord]:
        """Return the records from an index on."""
        while batch := list(self._read_batch(at)):
            yield from batch
            at += len(batch)

    def add(self, record: SpoolRecord) -> bool:
        """Append a record; False without space (a little is reserved for gaps)."""
        if not self._has_space(record):
            return False
        self._write(self._count, record)
        self._count += 1
        return True

    def replace_last(self, record: SpoolRecord) -> None:
        """Replace the last record."""
        self._write(self._count - 1, record)

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def _read_batch(self, at: int) -> Iterator[SpoolRecord]:
        raw = os.pread(self._file, _BATCH_RECORDS * _LAYOUT.size, at * _LAYOUT.size)
        for start in range(0, len(raw) - _LAYOUT.size + 1, _LAYOUT.size):
            record = _parse_record(raw[start : start + _LAYOUT.size])
            if record.kind == UNUSED:
                return
            yield record

    def _write(self, at: int, record: SpoolRecord) -> None:
        os.pwrite(self._file, _LAYOUT.pack(*record), at * _LAYOUT.size)

    def _has_space(self, record: SpoolRecord) -> bool:
        size = os.fstat(self._file).st_size
        free = size // _LAYOUT.size - self._count
        if free > _RESERVED_RECORDS:
            return True
        try:
            os.posix_fallocate(self._file, 0, size - size % _LAYOUT.size + _STEP_BYTES)
        except OSError as error:
            if error.errno not in DISK_FULL_ERRNOS:
                raise
            return record.is_gap and free > 0
        return True


def _parse_record(raw: bytes) -> SpoolRecord:
    if len(raw) < _LAYOUT.size:
        return SpoolRecord(0, 0, 0, 0, UNUSED)
    return SpoolRecord(*_LAYOUT.unpack(raw))
