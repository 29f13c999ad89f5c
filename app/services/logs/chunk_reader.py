"""An attempt's stored log in slices of limited size, whatever its chunks are like.

Readers may be slow and many: each holds one slice, and no Postgres connection between two slices.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.extensions import db
from app.models import Attempt, LogChunk

MAX_SLICE_BYTES = 64 * 1024
PREFETCH_CHUNKS = 64
"""Chunks per query: a slow log has a chunk per line."""

Mark = tuple[int, int, int]
"""Offset, milliseconds since the start, and stage of the bytes from that offset on."""


@dataclass(frozen=True)
class LogSlice:
    """Bytes of the log, from `offset` on.

    `chunk` is the start of their chunk, `first_line` the number of line ends before them; the first
    of `marks` is at `offset` or before it.
    """

    chunk: int
    offset: int
    first_line: int
    marks: Sequence[Mark]
    data: bytes


def read_slices(
    attempt: Attempt, chunk: int, *conditions: ColumnElement[bool]
) -> Iterator[LogSlice]:
    """Yield the log from the chunk that starts at that offset, as far as chunks meet the
    conditions.
    """
    while True:
        found = deque(db.session.execute(_next(attempt, chunk, conditions)))
        db.session.close()
        if not found:
            return
        is_last = found[0].number == len(found) < PREFETCH_CHUNKS
        while found:
            row = found.popleft()
            chunk = row.byte_offset + row.size
            yield from _split_chunk(attempt, row)
        if is_last:
            return


def _next(attempt: Attempt, chunk: int, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the next chunks that fit into one slice together; of a larger one its start."""
    near = (
        select(LogChunk.byte_offset, LogChunk.size)
        .where(*_is_of_attempt(attempt), LogChunk.byte_offset >= chunk, *conditions)
        .order_by(LogChunk.byte_offset)
        .limit(PREFETCH_CHUNKS)
        .subquery("near")
    )
    total = func.sum(near.c.size).over(order_by=near.c.byte_offset)
    counted = select(near, total.label("total"), func.count().over().label("number"))
    fit = counted.subquery("fit")
    return (
        select(
            LogChunk.byte_offset,
            LogChunk.size,
            LogChunk.first_line,
            LogChunk.marks,
            func.substr(LogChunk.data, 1, MAX_SLICE_BYTES).label("data"),
            fit.c.number,
        )
        .join(fit, fit.c.byte_offset == LogChunk.byte_offset)
        .where(
            *_is_of_attempt(attempt), or_(fit.c.total <= MAX_SLICE_BYTES, fit.c.total == fit.c.size)
        )
        .order_by(LogChunk.byte_offset)
    )


def _is_of_attempt(attempt: Attempt) -> tuple[ColumnElement[bool], ...]:
    return LogChunk.task_id == attempt.task_id, LogChunk.attempt == attempt.number


def _split_chunk(attempt: Attempt, row: Any) -> Iterator[LogSlice]:
    """Yield a chunk, in one or more slices."""
    marks = [(offset, milliseconds, stage) for offset, milliseconds, stage in row.marks]
    data, at, line = bytes(row.data), 0, row.first_line
    while True:
        start = row.byte_offset + at
        yield LogSlice(row.byte_offset, start, line, _marks_within(marks, start, len(data)), data)
        at += len(data)
        line += data.count(b"\n")
        if at >= row.size:
            return
        query = select(func.substr(LogChunk.data, at + 1, MAX_SLICE_BYTES))
        more = query.where(*_is_of_attempt(attempt), LogChunk.byte_offset == row.byte_offset)
        data = bytes(db.session.scalar(more) or b"")
        db.session.close()
        if not data:  # deleted meanwhile
            return


def _marks_within(marks: Sequence[Mark], start: int, size: int) -> Sequence[Mark]:
    """Return the marks of the bytes from `start` on."""
    first = max((n for n, mark in enumerate(marks) if mark[0] <= start), default=0)
    return [mark for mark in marks[first:] if mark[0] < start + size]
