"""An attempt's log: appended by offset, read by line or by byte at the same cost at any place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, insert, select

from app.domain import allowance
from app.domain.errors import NotFound
from app.extensions import db
from app.models import Attempt, Developer, LogChunk, Task
from app.services.logs import room
from app.services.tasks import reads

CHUNK_BYTES = 256 * 1024
LINE_BYTES = 64 * 1024  # longer lines are cut in pages, but not in `raw`


@dataclass(frozen=True)
class LogPiece:
    """A run of log bytes as a machine sent it. `offset` counts in the attempt's log, `milliseconds`
    from the attempt's beginning.
    """

    offset: int
    milliseconds: int
    stage_index: int
    data: bytes


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    attempt: int
    stage_index: int
    truncated: bool


@dataclass(frozen=True)
class LogPage:
    """A page of lines. `total` counts the attempt's lines, with an unfinished last one."""

    items: list[Line]
    total: int
    limit: int
    offset: int


# ---- writing -----------------------------------------------------------------------------------


def append(attempt: Attempt, pieces: Sequence[LogPiece]) -> int | None:
    """Store the pieces that continue the log. Returns the next offset if a piece came too early.

    Bytes that are stored already are skipped, and those for which there is no room become a gap.
    The caller holds the machine's lock, under which all about its attempts is written, and commits.
    """
    fresh: list[LogPiece] = []
    end, gap = attempt.log_bytes, None
    for piece in pieces:
        if piece.offset > end:
            gap = end
            break
        new = piece.data[end - piece.offset :]
        if new:
            fresh.append(LogPiece(end, piece.milliseconds, piece.stage_index, new))
            end += len(new)
    for chunk in _cut(fresh):
        size = sum(len(piece.data) for piece in chunk)
        if room.is_left(attempt, cost := allowance.cost(size, len(chunk))):
            _store(attempt, chunk)
            attempt.kept_bytes += cost
        else:
            lose(attempt, attempt.log_bytes, attempt.log_bytes + size)
    return gap


def _cut(pieces: Sequence[LogPiece]) -> Iterator[list[LogPiece]]:
    chunk: list[LogPiece] = []
    size = 0
    for piece in pieces:
        if chunk and size + len(piece.data) > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(piece)
        size += len(piece.data)
    if chunk:
        yield chunk


def _store(attempt: Attempt, pieces: Sequence[LogPiece]) -> None:
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


def lose(attempt: Attempt, start: int, end: int) -> None:
    """Record that the machine has lost the bytes [start, end): a gap, after which the log goes on.

    The caller holds the machine's lock, and commits.
    """
    if end > attempt.log_bytes and start <= attempt.log_bytes:
        gaps, start = attempt.log_gaps, attempt.log_bytes
        if gaps and gaps[-1][1] == start:  # the last gap has grown
            gaps, start = gaps[:-1], gaps[-1][0]
        attempt.log_gaps = [*gaps, [start, end]]
        attempt.log_bytes = end


# ---- reading -----------------------------------------------------------------------------------


def page(
    actor: Developer, task_id: int, *, attempt: int | None = None, limit: int = 50, offset: int = 0
) -> LogPage:
    """Lines of an attempt (by default the latest) from line `offset` on; a negative offset counts
    from the end. Raises NotFound.
    """
    found = attempt_of(reads.get(actor, task_id), attempt)
    if found is None:
        return LogPage([], 0, limit, max(offset, 0))
    total = found.log_lines + _has_open_line(found)
    start = max(0, total + offset) if offset < 0 else offset
    items = list(_lines(found, start, min(limit, max(0, total - start))))
    return LogPage(items, total, limit, start)


def attempt_of(task: Task, number: int | None) -> Attempt | None:
    """The attempt with that number, or the latest; None if the task has had none. Raises
    NotFound.
    """
    if number is None and task.attempt == 0:
        return None
    found = db.session.get(Attempt, (task.id, task.attempt if number is None else number))
    if found is None:
        raise NotFound(f"task {task.id} has no attempt {number}")
    return found


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


@dataclass
class _OpenLine:
    """A line that has been read in part."""

    stage_index: int = 0
    kept: bytearray = field(default_factory=bytearray)
    length: int = 0

    def add(self, data: bytes, stage_index: int) -> None:
        if self.length == 0:
            self.stage_index = stage_index
        self.kept += data[: LINE_BYTES - len(self.kept)]
        self.length += len(data)

    def close(self, number: int, attempt: int) -> Line:
        text = self.kept.decode("utf-8", "replace")
        return Line(number, text, attempt, self.stage_index, self.length > LINE_BYTES)


def _lines(attempt: Attempt, start: int, count: int) -> Iterator[Line]:
    number, wanted_end = start, start + count
    line = _OpenLine()
    skipping: int | None = None
    for chunk in _chunks_of_lines(attempt, start, wanted_end) if count else ():
        if skipping is None:
            skipping = start - chunk.first_line  # line ends to pass before the first wanted byte
        stages = _Stages(chunk.marks)
        at, data = 0, chunk.data
        while at < len(data):
            cut = data.find(b"\n", at)
            stop = cut if cut >= 0 else len(data)
            if skipping == 0:
                line.add(data[at:stop], stages.at(chunk.byte_offset + at))
            at = stop + 1
            if cut < 0:
                break
            if skipping > 0:
                skipping -= 1
                continue
            yield line.close(number, attempt.number)
            number, line = number + 1, _OpenLine()
            if number == wanted_end:
                return
    if line.length and number < wanted_end:
        yield line.close(number, attempt.number)


class _Stages:
    """The stages of a chunk's bytes, asked for with rising offsets."""

    def __init__(self, marks: Sequence[Sequence[int]]) -> None:
        self._marks, self._next = marks, 0
        self._stage = marks[0][2]

    def at(self, offset: int) -> int:
        while self._next < len(self._marks) and self._marks[self._next][0] <= offset:
            self._stage = self._marks[self._next][2]
            self._next += 1
        return self._stage


def _chunks_of_lines(attempt: Attempt, line: int, end: int) -> Iterator[LogChunk]:
    """The chunks from the one in which `line` begins to the one in which `end` begins.

    There is a chunk for each acknowledgement to the machine: one a line in a slow log.
    """
    mine = (LogChunk.task_id == attempt.task_id, LogChunk.attempt == attempt.number)
    if line > 0:
        # The line begins after the end of the line before. That end is in the last chunk that has
        # fewer than `line` line ends before it.
        first = (
            select(LogChunk.byte_offset)
            .where(*mine, LogChunk.first_line < line)
            .order_by(LogChunk.first_line.desc(), LogChunk.byte_offset.desc())
            .limit(1)
        )
        offset = db.session.scalar(first) or 0
    else:
        offset = 0
    yield from chunks(attempt, offset, 64, LogChunk.first_line < end)


def _chunks_from_byte(attempt: Attempt, offset: int) -> Iterator[LogChunk]:
    yield from chunks(attempt, offset, 4)


def chunks(
    attempt: Attempt, offset: int, at_once: int, *conditions: ColumnElement[bool]
) -> Iterator[LogChunk]:
    while True:
        query = (
            select(LogChunk)
            .where(
                LogChunk.task_id == attempt.task_id,
                LogChunk.attempt == attempt.number,
                LogChunk.byte_offset >= offset,
                *conditions,
            )
            .order_by(LogChunk.byte_offset)
            .limit(at_once)
        )
        found = list(db.session.scalars(query))
        db.session.close()  # between two pieces no connection is held, and no rows stay in memory
        yield from found
        if len(found) < at_once:
            return
        offset = found[-1].byte_offset + found[-1].size


@dataclass(frozen=True)
class RawLog:
    """The exact bytes of an attempt's log. Lost ranges are left out, and listed in `gaps`."""

    task_id: int
    attempt: int
    size: int
    gaps: list[tuple[int, int]]
    _attempt: Attempt | None

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes [start, end), in pieces. No session is held between two pieces."""
        if self._attempt is None:
            return
        for chunk in _chunks_from_byte(self._attempt, self._chunk_at(start)):
            if chunk.byte_offset >= end:
                return
            piece = chunk.data[max(0, start - chunk.byte_offset) : end - chunk.byte_offset]
            if piece:
                yield piece

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


def raw(actor: Developer, task_id: int, *, attempt: int | None = None) -> RawLog:
    """The exact bytes of an attempt's log (by default of the latest). Raises NotFound."""
    found = attempt_of(reads.get(actor, task_id), attempt)
    if found is None:
        return RawLog(task_id, 0, 0, [], None)
    gaps = [(start, end) for start, end in found.log_gaps]
    return RawLog(task_id, found.number, found.log_bytes, gaps, found)
