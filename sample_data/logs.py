"""One long log, in chunks as a machine would have sent it."""

from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import Connection, text

from app.models import LogChunk
from app.services.logs.logs import CHUNK_BYTES
from sample_data import tables
from sample_data.events import NOTES
from sample_data.rows import Row
from sample_data.tasks import Plan

_PIECE_LINES = 400  # some 30 kB, like a machine's chunks
_PIECES = CHUNK_BYTES // 40_000
_PIECE_MILLISECONDS = 20
_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"

_ATTEMPT = text("""
    UPDATE attempts SET log_bytes = log_bytes + :bytes, log_lines = log_lines + :lines
    WHERE task_id = :task_id AND number = 1
""")


def line(number: int) -> str:
    """Return the text of line `number`, which starts with it; about 80 characters."""
    note = NOTES[number * 7 % len(NOTES)]
    return f"{number:09} {_GREEN}muster{_PLAIN} {note}, and again {note}\r"


def make(
    connection: Connection, plan: Plan, report_progress: Callable[[str, int, int], None]
) -> None:
    task_id, size = plan.id_of(plan.long_log), 0

    def chunk_rows() -> Iterator[Row]:
        nonlocal size
        for first_line, pieces in _chunks(plan.sizes.log_lines):
            data, marks = b"".join(pieces), []
            lines, at = data.count(b"\n"), size
            for number, piece in enumerate(pieces):
                passed = (first_line // _PIECE_LINES + number) * _PIECE_MILLISECONDS
                marks.append([at, passed, 0])
                at += len(piece)
            yield {
                "task_id": task_id,
                "attempt": 1,
                "byte_offset": size,
                "size": len(data),
                "first_line": first_line,
                "lines": lines,
                "marks": marks,
                "data": data,
            }
            size = at
            report_progress("log lines", first_line + lines, plan.sizes.log_lines)

    tables.copy(connection, LogChunk, chunk_rows())
    about = {"task_id": task_id, "bytes": size, "lines": plan.sizes.log_lines}
    connection.execute(_ATTEMPT, about)


def _chunks(lines: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield each chunk's first line number and its parts."""
    pieces = _pieces(lines)
    first_line = 0
    while chunk := list(islice(pieces, _PIECES)):
        yield first_line, chunk
        first_line += sum(piece.count(b"\n") for piece in chunk)


def _pieces(lines: int) -> Iterator[bytes]:
    for start in range(0, lines, _PIECE_LINES):
        end = min(lines, start + _PIECE_LINES)
        yield "".join(f"{line(number)}\n" for number in range(start, end)).encode()
