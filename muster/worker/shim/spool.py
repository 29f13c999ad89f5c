"""An attempt's output on disk: `log` has the bytes, `log.index` their stages and times.

A byte's offset counts every byte of the attempt, including those dropped because of a full disk or
the quota. The writer updates the index before the log, and the reader reads the log before the
index, so that no byte is ever attributed to another stage. Only the shim writes; it imports only
the standard library.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from muster.worker.shim.spool_index import BYTES, DISK_FULL_ERRNOS, GAP, SpoolIndex, SpoolRecord
from muster.worker.shim.wire import StrPath

QUOTA_BYTES = 1 << 30
"""Maximum number of stored bytes per attempt."""

_SAME_RECORD_MS = 10  # milliseconds covered by one record
_SAME_CHUNK_MS = 50  # milliseconds that a reader may merge
_RETRY_MS = 1000  # milliseconds until a full disk is tried again


class SpoolChunk(NamedTuple):
    """Bytes of one stage, written at about the same time; `milliseconds` since the attempt's start.

    A chunk that starts after the end of the one before it shows a gap.
    """

    offset: int
    stage: int
    milliseconds: int
    data: bytes


class SpoolWriter:
    """Appends output; drops it without space, and records a gap."""

    def __init__(self, directory: StrPath, quota: int = QUOTA_BYTES) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._log = os.open(os.path.join(directory, "log"), flags, 0o600)
        self._index = SpoolIndex(os.path.join(directory, "log.index"), writable=True)
        self._quota = quota
        self._size = os.fstat(self._log).st_size
        self._last = self._index.last()
        self._retry_at = 0
        self._unrecorded_bytes = 0
        self.end_offset = _end_offset(self._last, self._size)

    @property
    def milliseconds(self) -> int:
        """The time of the last record; later ones continue from there."""
        return self._last.milliseconds if self._last else 0

    def append(self, data: bytes, milliseconds: int, stage: int) -> None:
        kept = 0
        if milliseconds >= self._retry_at:
            kept = self._store(data[: max(0, self._quota - self._size)], milliseconds, stage)
        if kept < len(data):
            self.end_offset += len(data) - kept
            self._unrecorded_bytes += len(data) - kept
            self._record_gap(milliseconds, stage)

    def skip(self, count: int) -> None:
        """Count bytes before the first one here, which another spool has."""
        self.end_offset += count
        self._unrecorded_bytes += count
        self._record_gap(0, 0)

    def sync(self) -> None:
        """Wait until everything is on disk, as far as there was space."""
        if self._last:
            self._record_gap(self._last.milliseconds, self._last.stage)
        os.fsync(self._log)
        self._index.sync()

    def close(self) -> None:
        os.close(self._log)
        self._index.close()

    def _store(self, data: bytes, milliseconds: int, stage: int) -> int:
        if not data or not self._record_gap(milliseconds, stage):
            return 0
        if not self._ensure_record(milliseconds, stage):
            return 0
        written = self._write(memoryview(data))
        self._size += written
        self.end_offset += written
        if written < len(data):
            self._retry_at = milliseconds + _RETRY_MS
        return written

    def _ensure_record(self, milliseconds: int, stage: int) -> bool:
        """Ensure that the next bytes have a record; False without space for one."""
        last = self._last
        if last and not last.is_gap and last.stage == stage:
            is_now = milliseconds - last.milliseconds < _SAME_RECORD_MS
        else:
            is_now = False
        return is_now or self._add(
            SpoolRecord(self.end_offset, self._size, milliseconds, stage, BYTES)
        )

    def _write(self, rest: memoryview) -> int:
        written = 0
        try:
            while written < len(rest):
                written += os.write(self._log, rest[written:])
        except OSError as error:
            if error.errno not in DISK_FULL_ERRNOS:
                raise
        return written

    def _record_gap(self, milliseconds: int, stage: int) -> bool:
        """Record the dropped bytes; False if there is no space even for that yet."""
        count, last = self._unrecorded_bytes, self._last
        if count and last and last.is_gap:
            self._last = last._replace(position=last.position + count)
            self._index.replace_last(self._last)
        elif count and not self._add(
            SpoolRecord(self.end_offset - count, count, milliseconds, stage, GAP)
        ):
            return False
        self._unrecorded_bytes = 0
        return True

    def _add(self, record: SpoolRecord) -> bool:
        added = self._index.add(record)
        if added:
            self._last = record
        return added


class SpoolReader:
    """Reads a spool that may still be growing; cheap at any offset."""

    def __init__(self, directory: StrPath) -> None:
        """Raises FileNotFoundError if no shim has created a spool."""
        self._log = os.open(os.path.join(directory, "log"), os.O_RDONLY)
        try:
            self._index = SpoolIndex(os.path.join(directory, "log.index"))
        except OSError:
            os.close(self._log)
            raise
        self._gaps: list[tuple[int, int]] = []
        self._searched = 0

    def end_offset(self) -> int:
        """Return the offset after the last byte, including lost ones."""
        size = self._refresh()
        return _end_offset(self._index.last(), size)

    def read(self, offset: int, limit: int) -> list[SpoolChunk]:
        """Return at most `limit` bytes from `offset` on, in order; skips lost ones."""
        return [
            SpoolChunk(span.offset, span.stage, span.milliseconds, self._read_span(span))
            for span in _merge_spans(self._spans(offset, self._refresh()), limit)
        ]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the lost ranges, as (from, to) offsets."""
        self._refresh()
        if self._gaps:
            # The last gap may have grown since then.
            self._searched = self._index.index_at(self._gaps.pop()[0])
        for record in self._index.records_from(self._searched):
            if record.is_gap:
                self._gaps.append((record.offset, record.offset + record.position))
        self._searched = len(self._index)
        return list(self._gaps)

    def gap_end(self, offset: int) -> int | None:
        """Return the end of the lost range that contains `offset`; None if there is none."""
        return next((end for start, end in self.gaps() if start <= offset < end), None)

    def close(self) -> None:
        os.close(self._log)
        self._index.close()

    def _refresh(self) -> int:
        size = os.fstat(self._log).st_size
        self._index.refresh()
        return size

    def _read_span(self, span: "_Span") -> bytes:
        return os.pread(self._log, span.length, span.position)

    def _spans(self, offset: int, size: int) -> Iterator["_Span"]:
        """Yield the positions in the file of the bytes from `offset` on, record by record."""
        records = self._index.records_from(self._index.index_at(offset))
        record = next(records, None)
        while record:
            following = next(records, None)
            stop = record.offset + size - record.position
            if following:
                stop = min(stop, following.offset)
            start = max(offset, record.offset)
            if not record.is_gap and start < stop:
                place = record.position + start - record.offset
                yield _Span(start, record.stage, record.milliseconds, place, stop - start)
            record = following


class _Span(NamedTuple):
    offset: int
    stage: int
    milliseconds: int
    position: int
    length: int


def _merge_spans(spans: Iterator[_Span], limit: int) -> Iterator[_Span]:
    """Yield spans of up to `limit` bytes in total; adjacent ones that belong together become
    one."""
    whole: _Span | None = None
    for span in spans:
        taken = span._replace(length=min(span.length, limit))
        limit -= taken.length
        if whole and _is_adjacent(taken, whole):
            whole = whole._replace(length=whole.length + taken.length)
        else:
            if whole:
                yield whole
            whole = taken
        if not limit:
            break
    if whole and whole.length:
        yield whole


def _is_adjacent(span: _Span, whole: _Span) -> bool:
    return (
        span.stage == whole.stage
        and span.offset == whole.offset + whole.length
        and span.milliseconds - whole.milliseconds <= _SAME_CHUNK_MS
    )


def _end_offset(last: SpoolRecord | None, size: int) -> int:
    if last is None:
        return 0
    return last.offset + (last.position if last.is_gap else max(0, size - last.position))
