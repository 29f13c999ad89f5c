"""An attempt's log: appended by offset, read by line or by byte at the same cost at any
position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from app.domain import storage_limits
from app.domain.errors import NotFound
from app.extensions import db
from app.models import Attempt, Developer, LogChunk, Task
from app.services.logs import chunk_reader, lines
from app.services.logs.lines import Line
from app.services.tasks import queries, storage_quota

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class LogSegment:
    """A run of log bytes as a machine sent it.

    `offset` counts in the attempt's log, `milliseconds` from the attempt's start.
    """

    offset: int
    milliseconds: int
    stage_index: int
    data: bytes


@dataclass(frozen=True)
class LogPage:
    """A page of lines, which are read while `lines` is iterated, once.

    `total` counts the attempt's lines, including an unfinished last one.
    """

    lines: Iterator[Line]
    total: int
    limit: int
    offset: int


# ---- writing -----------------------------------------------------------------------------------


def append(attempt: Attempt, pieces: Sequence[LogSegment]) -> int | None:
    """Store the segments that continue the log. Returns the next offset if a segment came too
    early.

    Stored bytes are skipped, and those beyond the limit become a gap. The caller holds the
    machine's lock, which covers all writes about its attempts, and commits.
    """
    fresh: list[LogSegment] = []
    end, gap = attempt.log_bytes, None
    for piece in pieces:
        if piece.offset > end:
            gap = end
            break
        new = piece.data[end - piece.offset :]
        if new:
            fresh.append(LogSegment(end, piece.milliseconds, piece.stage_index, new))
            end += len(new)
    for chunk in _group_into_chunks(fresh):
        size = sum(len(piece.data) for piece in chunk)
        if storage_quota.has_space(attempt, cost := storage_limits.storage_cost(size, len(chunk))):
            _store(attempt, chunk)
            attempt.stored_bytes += cost
        else:
            record_gap(attempt, attempt.log_bytes, attempt.log_bytes + size)
    return gap


def _group_into_chunks(pieces: Sequence[LogSegment]) -> Iterator[list[LogSegment]]:
    chunk: list[LogSegment] = []
    size = 0
    for piece in pieces:
        if chunk and size + len(piece.data) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(piece)
        size += len(piece.data)
    if chunk:
        yield chunk


def _store(attempt: Attempt, pieces: Sequence[LogSegment]) -> None:
    data = b"".join(piece.data for piece in pieces)
    lines = data.count(b"\n")
    db.session.execute(
        insert(LogChunk),
        {
            "task_id": attempt.task_id,
            "attempt": attempt.number,
            "byte_offset": attempt.log_bytes,
            "size": len(data),
            "first_line": attempt.log_lines,
            "lines": lines,
            "marks": [[p.offset, p.milliseconds, p.stage_index] for p in pieces],
            "data": data,
        },
    )
    attempt.log_bytes += len(data)
    attempt.log_lines += lines


def record_gap(attempt: Attempt, start: int, end: int) -> None:
    """Record that the machine has lost the bytes [start, end): a gap, after which the log
    continues.

    The caller holds the machine's lock, and commits.
    """
    if end > attempt.log_bytes and start <= attempt.log_bytes:
        gaps, start = attempt.log_gaps, attempt.log_bytes
        if gaps and gaps[-1][1] == start:  # the last gap has grown
            gaps, start = gaps[:-1], gaps[-1][0]
        attempt.log_gaps = [*gaps, [start, end]]
        attempt.log_bytes = end


# ---- reading -----------------------------------------------------------------------------------


def read_page(
    actor: Developer,
    task_id: int,
    *,
    attempt: int | None = None,
    limit: int = 50,
    offset: int = 0,
    byte: int | None = None,
) -> LogPage:
    """Return lines of an attempt (by default the latest) from line `offset` on.

    A negative offset counts from the end. With `byte`, it starts at the line that contains it.
    Raises NotFound.
    """
    found = find_attempt(queries.get(actor, task_id), attempt)
    if found is None:
        return LogPage(iter(()), 0, limit, max(offset, 0))
    total = found.log_lines + _has_open_line(found)
    if byte is not None:
        offset = _find_line(found, byte)
    start = max(0, total + offset) if offset < 0 else offset
    return LogPage(lines.read_lines(found, start, min(start + limit, total)), total, limit, start)


def find_attempt(task: Task, number: int | None) -> Attempt | None:
    """Return the attempt with that number, or the latest; None if the task has had none. Raises
    NotFound.
    """
    if number is None and task.attempt == 0:
        return None
    found = db.session.get(Attempt, (task.id, task.attempt if number is None else number))
    if found is None:
        raise NotFound(f"Task {task.id} has no attempt {number}.")
    return found


def _find_line(attempt: Attempt, byte: int) -> int:
    """Return the number of the line with that byte of the attempt; for a lost byte, the line
    that it interrupted.
    """
    chunk = db.session.execute(
        select(LogChunk.first_line, LogChunk.byte_offset, LogChunk.data)
        .where(
            LogChunk.task_id == attempt.task_id,
            LogChunk.attempt == attempt.number,
            LogChunk.byte_offset <= byte,
        )
        .order_by(LogChunk.byte_offset.desc())
        .limit(1)
    ).first()
    if chunk is None:
        return 0
    return int(chunk.first_line) + bytes(chunk.data[: byte - chunk.byte_offset]).count(b"\n")


def _has_open_line(attempt: Attempt) -> bool:
    """Whether the log has an unfinished last line."""
    last_byte = (
        select(func.substr(LogChunk.data, LogChunk.size, 1))
        .where(LogChunk.task_id == attempt.task_id, LogChunk.attempt == attempt.number)
        .order_by(LogChunk.byte_offset.desc())
        .limit(1)
    )
    found = db.session.scalar(last_byte)
    return found is not None and bytes(found) != b"\n"


@dataclass(frozen=True)
class RawLog:
    """The exact bytes of an attempt's log. Lost ranges are omitted, and listed in `gaps`."""

    task_id: int
    attempt: int
    size: int
    gaps: list[tuple[int, int]]
    _attempt: Attempt | None

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes [start, end) in chunks. No session is held between two chunks."""
        if self._attempt is None:
            return
        for piece in chunk_reader.read_slices(self._attempt, self._chunk_at(start)):
            if piece.offset >= end:
                return
            data = piece.data[max(0, start - piece.offset) : end - piece.offset]
            if data:
                yield data

    def _chunk_at(self, start: int) -> int:
        query = (
            select(LogChunk.byte_offset)
            .where(
                LogChunk.task_id == self.task_id,
                LogChunk.attempt == self.attempt,
                LogChunk.byte_offset <= start,
            )
            .order_by(LogChunk.byte_offset.desc())
            .limit(1)
        )
        return db.session.scalar(query) or 0


def raw_log(actor: Developer, task_id: int, *, attempt: int | None = None) -> RawLog:
    """Return the exact bytes of an attempt's log (by default of the latest). Raises NotFound."""
    found = find_attempt(queries.get(actor, task_id), attempt)
    if found is None:
        return RawLog(task_id, 0, 0, [], None)
    gaps = [(start, end) for start, end in found.log_gaps]
    return RawLog(task_id, found.number, found.log_bytes, gaps, found)
