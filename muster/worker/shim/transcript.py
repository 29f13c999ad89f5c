"""An attempt's transcript on disk: `transcript.jsonl`, one entry per line, numbered from 0.

A line with the number of an earlier one replaces that: it is a later state of the same entry. Only
the shim writes, complete lines; the daemon reads. Standard library only.
"""

import contextlib
import json
import os
from math import inf
from typing import Any

from muster.worker.shim.wire import Refusal, StrPath

FILE_NAME = "transcript.jsonl"

QUOTA_BYTES = 64 << 20
"""Maximum bytes of an attempt's transcript, not counting the last line."""

_READ_BYTES = 1 << 20  # bytes to read at once
_NOTICE_SECONDS = 0.2  # seconds between two notices of new lines
_NUMBER_PREFIX = b'{"number":'  # of each line


class TranscriptWriter:
    """Appends entries; there is no file before the first."""

    def __init__(self, directory: StrPath, quota: int = QUOTA_BYTES) -> None:
        self._path = os.path.join(directory, FILE_NAME)
        self._quota = quota
        self._handle = -1
        self._size = 0
        self._is_unsynced = False
        self._count = 0  # lines, as far as known before the file is open
        self._next_number = 0
        self._notified_count = 0
        self._notified_at = -inf

    def append(self, place: dict[str, Any], entry: dict[str, Any]) -> int:
        """Store an entry: `place` has its stage, times and log offset. Return its number.

        Raises Refusal once the quota is reached, which the last entry says, and OSError.
        """
        self._open()
        if self._size >= self._quota:
            raise Refusal("full", "the transcript is full")
        number = self._next_number
        self._add(number, place, entry)
        if self._size >= self._quota:
            self._add(self._next_number, place, _quota_entry(self._quota))
        return number

    def replace(
        self, number: int, place: dict[str, Any], entry: dict[str, Any], *, is_last: bool
    ) -> None:
        """Store the next state of an entry; its last one even beyond the quota.

        Raises Refusal and OSError.
        """
        self._open()
        if self._size >= self._quota and not is_last:
            raise Refusal("full", "the transcript is full")
        self._add(number, place, entry)

    @property
    def next_number(self) -> int:
        """The number of the next new entry."""
        with contextlib.suppress(OSError):
            self._open()
        return self._next_number

    def sync(self) -> None:
        """Wait until everything is on disk. Raises OSError."""
        if self._is_unsynced:
            os.fsync(self._handle)
            self._is_unsynced = False

    @property
    def notice_at(self) -> float:
        """When the next notice is due, in boot-time seconds; infinite if there is none."""
        return self._notified_at + _NOTICE_SECONDS if self._count != self._notified_count else inf

    def mark_notified(self, now: float) -> int:
        """Return the number of lines, which is being reported now."""
        self._notified_count, self._notified_at = self._count, now
        return self._count

    def _open(self) -> None:
        """Drop an unfinished last line."""
        if self._handle >= 0:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        count = size = next_number = 0
        try:
            while lines := _read_lines(handle, size):
                count += len(lines)
                size += _byte_length(lines)
                next_number = max(next_number, *(read_number(line) + 1 for line in lines))
            os.ftruncate(handle, size)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._size, self._count, self._notified_count = handle, size, count, count
        self._next_number = next_number

    def _add(self, number: int, place: dict[str, Any], entry: dict[str, Any]) -> None:
        numbered = {"number": number, **place, **entry}
        line = json.dumps(numbered, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._is_unsynced = True
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise
        self._size += len(line)
        self._count += 1
        self._next_number = max(self._next_number, number + 1)


class TranscriptReader:
    """Reads a transcript that may still be growing."""

    def __init__(self, directory: StrPath) -> None:
        """Raises FileNotFoundError if there is no transcript."""
        self._handle = os.open(os.path.join(directory, FILE_NAME), os.O_RDONLY)
        self._line = self._position = 0  # the number of a line, and its position

    def read(self, first: int, limit: int) -> list[bytes]:
        """Return complete lines, from line number `first` on; at most `limit` bytes in total, which
        must be enough for each. Raises OSError."""
        if first < self._line:
            self._line = self._position = 0
        while passed := _read_lines(self._handle, self._position)[: first - self._line]:
            self._line += len(passed)
            self._position += _byte_length(passed)
        return _read_lines(self._handle, self._position, limit) if first == self._line else []

    def close(self) -> None:
        os.close(self._handle)


def _read_lines(handle: int, place: int, limit: int = _READ_BYTES) -> list[bytes]:
    """Return the complete lines of a chunk of the file, without their ends."""
    return os.pread(handle, limit, place).split(b"\n")[:-1]


def read_number(line: bytes) -> int:
    """Return the entry's number in a line; -1 if a defect has destroyed it."""
    digits = line.removeprefix(_NUMBER_PREFIX).partition(b",")[0]
    return int(digits) if digits.isdigit() else -1


def _byte_length(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)


def _quota_entry(quota: int) -> dict[str, Any]:
    words = f"It has {quota >> 20} MiB. Everything after this is only in the log."
    return {"kind": "error", "title": "The transcript is full", "text": words, "data": {}}
