"""The sizes of an attempt's terminal over time: `sizes` next to the log, in records of one size.

A record applies from its offset in the log on. Only the shim writes; it imports only the standard
library.
"""

import contextlib
import os
import struct
from typing import NamedTuple

from muster.worker.shim.wire import StrPath

FILE_NAME = "sizes"
MAX_RECORDS = 100_000
"""Maximum number of records; nobody resizes a window that often."""

_LAYOUT = struct.Struct("<QQII")  # offset, milliseconds, columns, rows


class Size(NamedTuple):
    """`milliseconds` counts from the attempt's start, as in the log's index."""

    offset: int
    milliseconds: int
    cols: int
    rows: int


class SizesWriter:
    """Appends records; drops one if the disk is full."""

    def __init__(self, directory: StrPath) -> None:
        flags = os.O_RDWR | os.O_CREAT
        self._file = os.open(os.path.join(directory, FILE_NAME), flags, 0o600)
        self._count = os.fstat(self._file).st_size // _LAYOUT.size
        self._last = _read_size(self._file, self._count - 1) if self._count else None

    @property
    def is_full(self) -> bool:
        return self._count >= MAX_RECORDS

    def close(self) -> None:
        os.close(self._file)

    def add(self, size: Size) -> None:
        if self._last and self._last[2:] == size[2:]:
            return
        with contextlib.suppress(OSError):
            if os.pwrite(self._file, _LAYOUT.pack(*size), self._count * _LAYOUT.size) == (
                _LAYOUT.size
            ):
                self._count += 1
                self._last = size


class SizesReader:
    """Reads the records, while more may be appended."""

    def __init__(self, directory: StrPath) -> None:
        self._path = os.path.join(directory, FILE_NAME)
        self._file: int | None = None

    def last_size(self) -> Size | None:
        count = self._count_records()
        return self._read_record(count - 1) if count else None

    def size_at(self, offset: int) -> Size | None:
        """Return the size at the byte at `offset`; before the first record, the first."""
        found = self._index_at(offset)
        return self._read_record(found) if self._count_records() else None

    def next_size(self, offset: int) -> Size | None:
        """Return the first record that starts after `offset`, if it exists yet."""
        count = self._count_records()
        following = self._index_at(offset) + 1
        return self._read_record(following) if following < count else None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _index_at(self, offset: int) -> int:
        """Return the index of the last record at or before `offset`; of several at one, the
        last."""
        low, high = 0, self._count_records()
        while low < high:
            middle = (low + high) // 2
            if self._read_record(middle).offset <= offset:
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)

    def _count_records(self) -> int:
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = os.open(self._path, os.O_RDONLY)
        return 0 if self._file is None else os.fstat(self._file).st_size // _LAYOUT.size

    def _read_record(self, place: int) -> Size:
        assert self._file is not None
        return _read_size(self._file, place)


def _read_size(file: int, place: int) -> Size:
    return Size(*_LAYOUT.unpack(os.pread(file, _LAYOUT.size, place * _LAYOUT.size)))
