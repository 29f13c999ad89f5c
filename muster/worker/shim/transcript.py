"""An attempt's transcript on disk: `transcript.jsonl`, one entry per line, numbered from 0.

Only the shim writes, complete lines; the daemon reads. Standard library only.
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
_NOTICE_SECONDS = 0.5  # seconds between two notices of new entries


class TranscriptWriter:
    """Appends entries; there is no file before the first."""

    def __init__(self, directory: StrPath, quota: int = QUOTA_BYTES) -> None:
        self._path = os.path.join(directory, FILE_NAME)
        self._quota = quota
        self._handle = -1
        self._size = 0
        self._is_unsynced = False
        self._count = 0  # entries, as far as known before the file is open
        self._notified_count = 0
        self._notified_at = -inf

    def append(self, place: dict[str, Any], entry: dict[str, Any]) -> None:
        """Store an entry: `place` has its stage, time and log offset.

        Raises Refusal once the quota is reached, which the last entry says, and OSError.
        """
        self._open()
        if self._size >= self._quota:
            raise Refusal("full", "the transcript is full")
        self._add(place, entry)
        if self._size >= self._quota:
            self._add(place, _quota_entry(self._quota))

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
        """Return the number of entries, which is being reported now."""
        self._notified_count, self._notified_at = self._count, now
        return self._count

    def _open(self) -> None:
        """Drop an unfinished last line."""
        if self._handle >= 0:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        count = size = 0
        try:
            while lines := _read_lines(handle, size):
                count += len(lines)
                size += _byte_length(lines)
            os.ftruncate(handle, size)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._size, self._count, self._notified_count = handle, size, count, count

    def _add(self, place: dict[str, Any], entry: dict[str, Any]) -> None:
        numbered = {"number": self._count, **place, **entry}
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


class TranscriptReader:
    """Reads a transcript that may still be growing."""

    def __init__(self, directory: StrPath) -> None:
        """Raises FileNotFoundError if there is no transcript."""
        self._handle = os.open(os.path.join(directory, FILE_NAME), os.O_RDONLY)
        self._number = self._position = 0  # an entry, and the position of its line

    def read(self, number: int, limit: int) -> list[bytes]:
        """Return complete lines, from the entry of that number on; at most `limit` bytes in total,
        which must be enough for each. Raises OSError."""
        if number < self._number:
            self._number = self._position = 0
        while passed := _read_lines(self._handle, self._position)[: number - self._number]:
            self._number += len(passed)
            self._position += _byte_length(passed)
        return _read_lines(self._handle, self._position, limit) if number == self._number else []

    def close(self) -> None:
        os.close(self._handle)


def _read_lines(handle: int, place: int, limit: int = _READ_BYTES) -> list[bytes]:
    """Return the complete lines of a chunk of the file, without their ends."""
    return os.pread(handle, limit, place).split(b"\n")[:-1]


def _byte_length(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)


def _quota_entry(quota: int) -> dict[str, Any]:
    words = f"It has {quota >> 20} MiB. Everything after this is only in the log."
    return {"kind": "error", "title": "The transcript is full", "text": words, "data": {}}
