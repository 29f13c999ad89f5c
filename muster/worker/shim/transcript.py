"""An attempt's transcript on disk: `transcript.jsonl`, an entry a line, numbered from 0.

Only the shim writes, whole lines; the daemon reads. Standard library only.
"""

import contextlib
import json
import os
from math import inf
from typing import Any

from muster.worker.shim.wire import Refusal, StrPath

NAME = "transcript.jsonl"

QUOTA = 64 << 20
"""Bytes of one attempt's transcript, but for the last line's."""

_PIECE = 1 << 20  # bytes that are looked through at once
_NOTICE = 0.5  # seconds between two notices of new entries


class TranscriptWriter:
    """Appends entries; there is no file before the first."""

    def __init__(self, directory: StrPath, quota: int = QUOTA) -> None:
        self._path = os.path.join(directory, NAME)
        self._quota = quota
        self._handle = -1
        self._size = 0
        self._unsynced = False
        self._count = 0  # entries, as far as is known before the file is open
        self._told = 0
        self._told_at = -inf

    def append(self, place: dict[str, Any], entry: dict[str, Any]) -> None:
        """Writes an entry down: its `place` is whose it is, and when and where it was made.

        Raises Refusal once the quota is reached, which the last entry says, and OSError.
        """
        self._open()
        if self._size >= self._quota:
            raise Refusal("full", "the transcript is full")
        self._add(place, entry)
        if self._size >= self._quota:
            self._add(place, _full(self._quota))

    def sync(self) -> None:
        """Waits until all is on disk. Raises OSError."""
        if self._unsynced:
            os.fsync(self._handle)
            self._unsynced = False

    @property
    def notice_at(self) -> float:
        """When there is something to tell, in boot-time seconds; infinite if there is nothing."""
        return self._told_at + _NOTICE if self._count != self._told else inf

    def notice(self, now: float) -> int:
        """How many entries there are, which is told now."""
        self._told, self._told_at = self._count, now
        return self._count

    def _open(self) -> None:
        """Drops a last line that was never finished."""
        if self._handle >= 0:
            return
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        count = size = 0
        try:
            while lines := _lines(handle, size):
                count += len(lines)
                size += _length(lines)
            os.ftruncate(handle, size)
        except OSError:
            os.close(handle)
            raise
        self._handle, self._size, self._count, self._told = handle, size, count, count

    def _add(self, place: dict[str, Any], entry: dict[str, Any]) -> None:
        numbered = {"number": self._count, **place, **entry}
        line = json.dumps(numbered, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._unsynced = True
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
    """Reads what may still be growing."""

    def __init__(self, directory: StrPath) -> None:
        """Raises FileNotFoundError where there is no transcript."""
        self._handle = os.open(os.path.join(directory, NAME), os.O_RDONLY)
        self._number = self._place = 0  # an entry, and where its line begins

    def read(self, number: int, limit: int) -> list[bytes]:
        """Lines that are whole, from the entry of that number on; `limit` bytes in all at most,
        which have to be enough for each. Raises OSError."""
        if number < self._number:
            self._number = self._place = 0
        while passed := _lines(self._handle, self._place)[: number - self._number]:
            self._number += len(passed)
            self._place += _length(passed)
        return _lines(self._handle, self._place, limit) if number == self._number else []

    def close(self) -> None:
        os.close(self._handle)


def _lines(handle: int, place: int, limit: int = _PIECE) -> list[bytes]:
    """The whole lines of a piece of the file, without their ends."""
    return os.pread(handle, limit, place).split(b"\n")[:-1]


def _length(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)


def _full(quota: int) -> dict[str, Any]:
    words = f"It has {quota >> 20} MiB. What follows is in the log alone."
    return {"kind": "error", "title": "The transcript is full", "text": words, "data": {}}
