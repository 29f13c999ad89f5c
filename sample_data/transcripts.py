"""The transcript of the attempt with the long log, in chunks as a machine would have sent it."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, text

from app.models import TranscriptChunk
from muster.protocol import frames
from sample_data import rows, tables
from sample_data.events import NOTES
from sample_data.rows import Row
from sample_data.tasks import Plan

_LINES_EACH = 50  # log lines per transcript entry
_CHUNK = 20
_MILLISECONDS = 500  # between two entries

_ATTEMPT = text("""
    UPDATE attempts SET transcript_entries = :entries WHERE task_id = :task_id AND number = 1
""")


def make(connection: Connection, plan: Plan) -> None:
    task_id, entries = plan.id_of(plan.long_log), plan.sizes.log_lines // _LINES_EACH

    def chunks() -> Iterator[Row]:
        for first in range(0, entries, _CHUNK):
            found = [_entry(number) for number in range(first, min(first + _CHUNK, entries))]
            data = msgspec.json.encode(found)
            times = {"first_ms": found[0].at_ms, "last_ms": found[-1].at_ms}
            yield rows.transcript_chunk(task_id, 1, first, len(found), data) | times

    tables.copy(connection, TranscriptChunk, chunks())
    connection.execute(_ATTEMPT, {"task_id": task_id, "entries": entries})


def _entry(number: int) -> frames.TranscriptEntry:
    note = NOTES[number * 7 % len(NOTES)]
    at, offset = number * _MILLISECONDS, number * _LINES_EACH * 80
    match number % 3:
        case 0:
            return frames.TranscriptEntry(at, "message", "", f"{note}.", {}, offset)
        case 1:
            data = {"command": "make test", "exitCode": 0}
            return frames.TranscriptEntry(at, "command", "make test", note, data, offset)
    return frames.TranscriptEntry(at, "edit", "src/parser.py", f"+{note}\n", {"lines": 1}, offset)
