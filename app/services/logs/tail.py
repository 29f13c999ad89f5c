"""The events, log bytes and transcript entries of one task that were committed since a reader's
cursor.

Events are numbered without gaps in commit order, an attempt's log and transcript only grow, and
changes of entries are counted, so numbers tell exactly how far a reader is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import select, text

from app.extensions import db
from app.models import Event, LogChunk

MAX_EVENTS = 500  # per read
MAX_CHUNKS = 4  # likewise: a chunk has at most 256 KiB
MAX_ATTEMPTS = 1000  # the maximum in a cursor; no task has as many

_PART = r"\d{1,9}-\d{1,18}(?:-\d{1,18}){0,2}"
_FORM = re.compile(rf"(\d{{1,9}}):((?:{_PART}(?:,{_PART})*)?)", re.ASCII)


@dataclass(frozen=True)
class StreamCursor:
    """A reader's position: the number of events, and by attempt the numbers of log bytes,
    transcript entries, and changes of entries.

    As text `12:1-4096-7-2,2-80` (events, then attempt-bytes-entries-changes, without trailing
    zeros); `0:` is the start.
    """

    events: int = 0
    logs: Mapping[int, int] = field(default_factory=dict)
    entries: Mapping[int, int] = field(default_factory=dict)
    updates: Mapping[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        attempts = sorted(self.logs.keys() | self.entries.keys())
        return f"{self.events}:{','.join(map(self._format_attempt, attempts))}"

    def _format_attempt(self, attempt: int) -> str:
        entries, updates = self.entries_at(attempt), self.updates_at(attempt)
        more = f"-{entries}-{updates}" if updates else f"-{entries}" if entries else ""
        return f"{attempt}-{self.bytes_at(attempt)}{more}"

    def bytes_at(self, attempt: int) -> int:
        return self.logs.get(attempt, 0)

    def entries_at(self, attempt: int) -> int:
        return self.entries.get(attempt, 0)

    def updates_at(self, attempt: int) -> int:
        return self.updates.get(attempt, 0)

    def after_events(self, number: int) -> "StreamCursor":
        return replace(self, events=number)

    def after_bytes(self, attempt: int, end: int) -> "StreamCursor":
        return replace(self, logs={**self.logs, attempt: end})

    def after_entries(self, attempt: int, end: int) -> "StreamCursor":
        return replace(self, entries={**self.entries, attempt: end})

    def after_updates(self, attempt: int, end: int) -> "StreamCursor":
        return replace(self, updates={**self.updates, attempt: end})


def parse_cursor(text: str) -> StreamCursor | None:
    """Parse a cursor; None if the text isn't one."""
    found = _FORM.fullmatch(text) if len(text) <= 50 * MAX_ATTEMPTS else None
    if found is None:
        return None
    parts = [list(map(int, part.split("-"))) for part in found[2].split(",")] if found[2] else []
    logs = {attempt: size for attempt, size, *_ in parts}
    entries = {attempt: rest[0] for attempt, _, *rest in parts if rest}
    updates = {attempt: rest[1] for attempt, _, *rest in parts if len(rest) > 1}
    return StreamCursor(int(found[1]), logs, entries, updates)


class TailState(NamedTuple):
    """The cursor after everything that a task has so far, and its project."""

    top: StreamCursor
    project_id: int
    is_deleted: bool


class LogBytes(NamedTuple):
    """Bytes of an attempt's log, from `offset` on. Lost bytes before them are omitted."""

    attempt: int
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


_READ_STATE = text("""
    SELECT t.events, t.project_id, p.deleted_at IS NOT NULL AS is_deleted,
           (SELECT jsonb_agg(jsonb_build_array(
                a.number, a.log_bytes, a.transcript_entries, a.transcript_updates))
            FROM attempts AS a
            WHERE a.task_id = t.id AND (a.log_bytes > 0 OR a.transcript_entries > 0)) AS attempts
    FROM tasks AS t JOIN projects AS p ON p.id = t.project_id WHERE t.id = :task_id
""")


def read_state(task_id: int) -> TailState | None:
    """Return the task's current position; None if it's deleted. Ends the transaction."""
    row = db.session.execute(_READ_STATE, {"task_id": task_id}).one_or_none()
    db.session.rollback()
    if row is None:
        return None
    attempts = row.attempts or ()
    logs = {attempt: size for attempt, size, *_ in attempts if size}
    entries = {attempt: count for attempt, _, count, _ in attempts if count}
    updates = {attempt: count for attempt, *_, count in attempts if count}
    top = StreamCursor(row.events, logs, entries, updates)
    return TailState(top, row.project_id, row.is_deleted)


def read_events(task_id: int, after: int) -> Sequence[Event]:
    """Return the next events after number `after`, at most `MAX_EVENTS`."""
    query = select(Event).where(Event.task_id == task_id, Event.number > after)
    return db.session.scalars(query.order_by(Event.number).limit(MAX_EVENTS)).all()


def read_log(task_id: int, attempt: int, offset: int) -> list[LogBytes]:
    """Return the next bytes of an attempt's log from `offset` on, from at most `MAX_CHUNKS`
    chunks.
    """
    query = (
        select(LogChunk.byte_offset, LogChunk.data)
        .where(
            LogChunk.task_id == task_id,
            LogChunk.attempt == attempt,
            LogChunk.byte_offset + LogChunk.size > offset,
            LogChunk.byte_offset >= _find_chunk(task_id, attempt, offset),
        )
        .order_by(LogChunk.byte_offset)
        .limit(MAX_CHUNKS)
    )
    return [_trim(attempt, offset, *row) for row in db.session.execute(query)]


def _find_chunk(task_id: int, attempt: int, offset: int) -> Any:
    """Return the start of the last chunk that starts at `offset` or before; found by the index."""
    query = (
        select(LogChunk.byte_offset)
        .where(
            LogChunk.task_id == task_id,
            LogChunk.attempt == attempt,
            LogChunk.byte_offset <= offset,
        )
        .order_by(LogChunk.byte_offset.desc())
        .limit(1)
    )
    return db.session.scalar(query) or 0


def _trim(attempt: int, offset: int, start: int, data: bytes) -> LogBytes:
    had = max(0, offset - start)
    return LogBytes(attempt, start + had, bytes(data)[had:])
