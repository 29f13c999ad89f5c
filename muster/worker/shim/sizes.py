"""How large an attempt's terminal was, over time: `sizes` beside the log, in records of one size.

A record holds from its offset in the log on. Only the shim writes; it imports the standard library
alone. A shim of before there were such records leaves no file.
"""

import contextlib
import os
import struct
from typing import NamedTuple

from muster.worker.shim.wire import StrPath

NAME = "sizes"
MOST = 100_000
"""Records that are kept; so often nobody drags a window's edge."""

_LAYOUT = struct.Struct("<QQII")  # offset, milliseconds, columns, rows


class Size(NamedTuple):
    """`milliseconds` counts from the attempt's beginning, as in the log's index."""

    offset: int
    milliseconds: int
    cols: int
    rows: int


class SizesWriter:
    """Appends records; one that finds no room on the disk is dropped."""

    def __init__(self, directory: StrPath) -> None:
        flags = os.O_RDWR | os.O_CREAT
        self._file = os.open(os.path.join(directory, NAME), flags, 0o600)
        self._count = os.fstat(self._file).st_size // _LAYOUT.size
        self._last = _read(self._file, self._count - 1) if self._count else None

    @property
    def is_full(self) -> bool:
        return self._count >= MOST

    def add(self, size: Size) -> None:
        if self._last and self._last[2:] == size[2:]:
            return
        with contextlib.suppress(OSError):
            if os.pwrite(self._file, _LAYOUT.pack(*size), self._count * _LAYOUT.size) == (
                _LAYOUT.size
            ):
                self._count += 1
                self._last = size


class Sizes:
    """Reads the records, while more may be appended."""

    def __init__(self, directory: StrPath) -> None:
        self._path = os.path.join(directory, NAME)
        self._file: int | None = None

    def last(self) -> Size | None:
        count = self._look()
        return self._at(count - 1) if count else None

    def at(self, offset: int) -> Size | None:
        """The size that holds for the byte at `offset`; before the first record, the first."""
        found = self._before(offset)
        return self._at(found) if self._look() else None

    def after(self, offset: int) -> Size | None:
        """The first record that begins beyond `offset`, if it has come yet."""
        count = self._look()
        following = self._before(offset) + 1
        return self._at(following) if following < count else None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _before(self, offset: int) -> int:
        """The place of the last record at or before `offset`; of several at one, the last."""
        low, high = 0, self._look()
        while low < high:
            middle = (low + high) // 2
            if self._at(middle).offset <= offset:
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)

    def _look(self) -> int:
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = os.open(self._path, os.O_RDONLY)
        return 0 if self._file is None else os.fstat(self._file).st_size // _LAYOUT.size

    def _at(self, place: int) -> Size:
        assert self._file is not None
        return _read(self._file, place)


def _read(file: int, place: int) -> Size:
    return Size(*_LAYOUT.unpack(os.pread(file, _LAYOUT.size, place * _LAYOUT.size)))
