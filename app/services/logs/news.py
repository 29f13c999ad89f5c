"""The events and log bytes of one task that have been committed since a reader's cursor.

Events are numbered without gaps in the order of their commits, and an attempt's log only grows, so
that numbers tell exactly how far a reader is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select, text

from app.extensions import db
from app.models import Event, LogChunk

EVENTS = 500  # at once
CHUNKS = 4  # likewise: a chunk has at most 256 KiB
ATTEMPTS = 1000  # the most in a cursor; no task has so many

_FORM = re.compile(r"(\d{1,9}):((?:\d{1,9}-\d{1,18}(?:,\d{1,9}-\d{1,18})*)?)", re.ASCII)


@dataclass(frozen=True)
class StreamCursor:
    """How far a reader is: the number of events, and by attempt the number of log bytes.

    As a text `12:1-4096,2-80` (events, then attempt-bytes); `0:` is the beginning.
    """

    events: int = 0
    logs: Mapping[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        logs = ",".join(f"{attempt}-{offset}" for attempt, offset in sorted(self.logs.items()))
        return f"{self.events}:{logs}"

    def at(self, attempt: int) -> int:
        return self.logs.get(attempt, 0)

    def after_events(self, number: int) -> "StreamCursor":
        return StreamCursor(number, self.logs)

    def after_bytes(self, attempt: int, end: int) -> "StreamCursor":
        return StreamCursor(self.events, {**self.logs, attempt: end})


def parse(text: str) -> StreamCursor | None:
    """The cursor that the text denotes, or None if it denotes none."""
    found = _FORM.fullmatch(text) if len(text) <= 30 * ATTEMPTS else None
    if found is None:
        return None
    pairs = [part.split("-") for part in found[2].split(",")] if found[2] else []
    return StreamCursor(int(found[1]), {int(attempt): int(offset) for attempt, offset in pairs})


class Seen(NamedTuple):
    """The cursor after everything that a task has so far, and its project."""

    top: StreamCursor
    project_id: int
    is_deleted: bool


class LogBytes(NamedTuple):
    """Bytes of an attempt's log, from `offset` on. Lost bytes before them are left out."""

    attempt: int
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


_LOOK = text("""
    SELECT t.events, t.project_id, p.deleted_at IS NOT NULL AS is_deleted,
           (SELECT jsonb_object_agg(a.number, a.log_bytes) FROM attempts AS a
            WHERE a.task_id = t.id AND a.log_bytes > 0) AS logs
    FROM tasks AS t JOIN projects AS p ON p.id = t.project_id WHERE t.id = :task_id
""")


def look(task_id: int) -> Seen | None:
    """How far the task is now; None if it is deleted. Ends the transaction."""
    row = db.session.execute(_LOOK, {"task_id": task_id}).one_or_none()
    db.session.rollback()
    if row is None:
        return None
    logs = {int(attempt): int(size) for attempt, size in (row.logs or {}).items()}
    return Seen(StreamCursor(row.events, logs), row.project_id, row.is_deleted)


def events(task_id: int, after: int) -> Sequence[Event]:
    """The next events after number `after`, at most `EVENTS`."""
    query = select(Event).where(Event.task_id == task_id, Event.number > after)
    return db.session.scalars(query.order_by(Event.number).limit(EVENTS)).all()


def pieces(task_id: int, attempt: int, offset: int) -> list[LogBytes]:
    """The next bytes of an attempt's log from `offset` on, of at most `CHUNKS` chunks."""
    query = (
        select(LogChunk.byte_offset, LogChunk.data)
        .where(
            LogChunk.task_id == task_id,
            LogChunk.attempt == attempt,
            LogChunk.byte_offset + LogChunk.size > offset,
            LogChunk.byte_offset >= _first(task_id, attempt, offset),
        )
        .order_by(LogChunk.byte_offset)
        .limit(CHUNKS)
    )
    return [_cut(attempt, offset, *row) for row in db.session.execute(query)]


def _first(task_id: int, attempt: int, offset: int) -> Any:
    """Where the last chunk that begins at `offset` or before it begins; found by the index."""
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


def _cut(attempt: int, offset: int, start: int, data: bytes) -> LogBytes:
    had = max(0, offset - start)
    return LogBytes(attempt, start + had, bytes(data)[had:])
