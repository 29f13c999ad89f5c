"""An attempt's log by lines, at the same cost at any position, however long lines are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from app.extensions import db
from app.models import Attempt, LogChunk
from app.services.logs import chunk_reader
from app.services.logs.chunk_reader import LogSlice, Mark

LINE_BYTES = 64 * 1024
"""Longer lines are cut here, but not in `raw`."""


@dataclass(frozen=True)
class Line:
    """The start of a line, as bytes: as text it may be four times as large."""

    number: int
    data: bytes
    attempt: int
    stage_index: int
    truncated: bool

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def read_lines(attempt: Attempt, start: int, end: int) -> Iterator[Line]:
    """Yield the lines from number `start` to before `end`, each read on demand."""
    reader = _Reader(attempt, start, end)
    chunk: int | None = _find_chunk_of_end(attempt, start - 1) if start else 0
    while start < end and chunk is not None:
        seen, chunk = chunk, None
        for piece in chunk_reader.read_slices(attempt, seen, LogChunk.first_line < end):
            yield from reader.lines(piece)
            if reader.is_done:
                return
            if (ahead := reader.end_of_long_line()) is not None and ahead > piece.chunk:
                chunk = ahead
                break
    yield from reader.last_line()


@dataclass
class _OpenLine:
    """A partly read line. `sought`: its end has been searched for."""

    stage_index: int = 0
    data: bytearray = field(default_factory=bytearray)
    length: int = 0
    sought: bool = False

    def add(self, data: memoryview, stage_index: int) -> None:
        if self.length == 0:
            self.stage_index = stage_index
        self.data += data[: LINE_BYTES - len(self.data)]
        self.length += len(data)

    def close(self, number: int, attempt: int) -> Line:
        is_cut = self.length > LINE_BYTES
        return Line(number, bytes(self.data), attempt, self.stage_index, is_cut)


class _Reader:
    """Builds lines from consecutive slices, except the inner parts of long lines."""

    def __init__(self, attempt: Attempt, start: int, end: int) -> None:
        self._attempt, self._number, self._end = attempt, start, end
        self._line = _OpenLine()
        self._skipping: int | None = None  # line ends to skip before the first wanted byte

    @property
    def is_done(self) -> bool:
        return self._number >= self._end

    def lines(self, piece: LogSlice) -> Iterator[Line]:
        """Yield the lines that end in the slice."""
        if self._skipping is None:
            self._skipping = self._number - piece.first_line
        stages, data, at = _Stages(piece.marks), memoryview(piece.data), 0
        while at < len(data) and not self.is_done:
            cut = piece.data.find(b"\n", at)
            stop = cut if cut >= 0 else len(data)
            if self._skipping == 0:
                self._line.add(data[at:stop], stages.stage_at(piece.offset + at))
            at = stop + 1
            if cut < 0:
                return
            if self._skipping > 0:
                self._skipping -= 1
                continue
            yield self._close_line()

    def end_of_long_line(self) -> int | None:
        """Return the chunk in which the open line ends, if the rest of it isn't shown; once per
        line.
        """
        if self._line.length <= LINE_BYTES or self._line.sought:
            return None
        self._line.sought = True
        return _find_chunk_of_end(self._attempt, self._number)

    def last_line(self) -> Iterator[Line]:
        """Return the last line, if the log doesn't end with a line end."""
        if self._line.length and not self.is_done:
            yield self._close_line()

    def _close_line(self) -> Line:
        line = self._line.close(self._number, self._attempt.number)
        self._number, self._line = self._number + 1, _OpenLine()
        return line


class _Stages:
    """The stages of a slice's bytes, queried with increasing offsets."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks, self._next = marks, 0
        self._stage = marks[0][2]

    def stage_at(self, offset: int) -> int:
        while self._next < len(self._marks) and self._marks[self._next][0] <= offset:
            self._stage = self._marks[self._next][2]
            self._next += 1
        return self._stage


def _find_chunk_of_end(attempt: Attempt, line: int) -> int:
    """Return the start of the chunk with the end of the line, or of the last one.

    That is the last chunk with at most `line` line ends before it.
    """
    query = (
        select(LogChunk.byte_offset)
        .where(
            LogChunk.task_id == attempt.task_id,
            LogChunk.attempt == attempt.number,
            LogChunk.first_line <= line,
        )
        .order_by(LogChunk.first_line.desc(), LogChunk.byte_offset.desc())
        .limit(1)
    )
    found = db.session.scalar(query) or 0
    db.session.close()
    return found
