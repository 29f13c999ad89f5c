"""Attempts' transcripts: entries as machines report them, each stored once and read in order.

They are stored as received, a chunk per report, and split by readers. Entries that change do so in
place (`tasks.transcript_updates`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, func, insert, select

from app import wakeups
from app.domain import field_errors, transcript
from app.domain.errors import Conflict, InvalidFields
from app.domain.storage_limits import LimitExceeded
from app.domain.task import EventType
from app.domain.transcript import EntryKind, EntryState
from app.extensions import db
from app.models import Attempt, Developer, Event, TranscriptChunk
from app.services.locks import LockedTask
from app.services.logs import entry_chunks, logs
from app.services.tasks import history, queries, storage_quota, transcript_updates
from muster.protocol import frames

PAGE_BYTES = 2 << 20  # maximum searched per page, but at least one chunk
PAGE_CHUNKS = 1000  # likewise: a slow agent's chunk has one entry
STREAM_BYTES = 256 * 1024
_CHANGED_CHUNKS = 50  # chunks with changed entries that are read at once

_MAX_PROGRESS = 2_000  # characters

_decode = msgspec.json.Decoder(list[frames.TranscriptEntry]).decode


class EntriesMissing(Conflict):
    """Entries before these haven't been reported."""


@dataclass(frozen=True)
class Entry:
    """An entry of an attempt's transcript. `number` counts within the attempt, from 0; so does
    `update`, its last change, from 1, or 0.
    """

    number: int
    at: datetime
    attempt: int
    stage_index: int
    run: int
    kind: EntryKind
    title: str
    text: str
    data: dict[str, Any]
    log_offset: int
    state: EntryState | None = None
    finished_at: datetime | None = None
    update: int = 0

    @property
    def started_at(self) -> datetime:
        return self.at


class TranscriptPosition(NamedTuple):
    """The start of a page: an attempt's entry with that number."""

    attempt: int
    number: int


@dataclass(frozen=True)
class TranscriptPage:
    """Entries in order. `following` is the start of the next page; None: there are no more."""

    items: list[Entry]
    following: TranscriptPosition | None


# ---- writing -------------------------------------------------------------------------------------


def handle_transcript(locked: LockedTask, body: frames.Transcript) -> None:
    """Store the report's new entries, also of an attempt that has ended: they are true.

    Raises EntriesMissing once per attempt, because everything after a gap comes after it, too; and
    LimitExceeded if the limit is reached. The caller holds the machine's lock and the task's, and
    commits.
    """
    attempt, known = locked.attempt, locked.attempt.transcript_entries
    if body.first > known:
        if _has_warning(attempt):
            return
        raise EntriesMissing(f"it starts at entry {body.first}, but {known} is the next")
    entries = body.entries[known - body.first :]
    if not entries:
        return
    chunk = entry_chunks.build_chunk(body, known, entries)
    if not storage_quota.has_space(attempt, chunk.cost):
        raise LimitExceeded("the attempt's storage limit for log and transcript is reached")
    row = {"task_id": attempt.task_id, "attempt": attempt.number, "size": len(chunk.data)}
    fields = {name: value for name, value in asdict(chunk).items() if name != "running"}
    db.session.execute(insert(TranscriptChunk), row | fields)
    attempt.transcript_entries += len(entries)
    attempt.stored_bytes += chunk.cost
    attempt.active_at = locked.now
    if attempt.ended_at is None:
        transcript_updates.add_running(attempt, enumerate(entries, known))
    wakeups.publish_task_changes([attempt.task_id])
    # Each becomes an event; its machine limits their number.
    for entry in filter(entry_chunks.is_progress, entries):
        text = entry.text[:_MAX_PROGRESS]
        history.record_limited_event(
            locked, EventType.LOG, text, stage_index=body.stage_index, progress=True
        )


def handle_updated(locked: LockedTask, body: frames.TranscriptUpdated) -> None:
    """Replace the report's entries, also of an attempt that has ended: they are true.

    Raises EntriesMissing once per attempt, like `handle_transcript`; EntryNotRunning for entries of
    another run and for final ones; and LimitExceeded. The others are replaced anyway. The caller
    holds the machine's lock and the task's, and commits.
    """
    attempt, known = locked.attempt, locked.attempt.transcript_entries
    if any(each.number >= known for each in body.entries) and _has_warning(attempt):
        return
    attempt.active_at = locked.now
    transcript_updates.apply_updates(attempt, body)


def _has_warning(attempt: Attempt) -> bool:
    db.session.flush()  # the warning may be from the same batch
    warnings = select(Event.number).where(
        Event.task_id == attempt.task_id,
        Event.type == EventType.WARNING,
        Event.attempt == attempt.number,
        Event.data["report"].as_string() == "transcript",
    )
    return db.session.scalar(warnings.limit(1)) is not None


# ---- reading -------------------------------------------------------------------------------------


def read_page(
    actor: Developer,
    task_id: int,
    *,
    attempt: int | None = None,
    kinds: Collection[EntryKind] = (),
    stage_index: int | None = None,
    q: str | None = None,
    after: TranscriptPosition | None = None,
    limit: int = 50,
) -> TranscriptPage:
    """Return matching entries of an attempt (by default the latest; after a position, that one's).

    If matches are rare, a page has fewer than `limit`, or none, but still continues. Raises
    NotFound, and InvalidFields for a position in another attempt than the requested one.
    """
    task = queries.get(actor, task_id)
    if after is not None and attempt not in (None, after.attempt):
        raise InvalidFields({"cursor": [field_errors.NO_CURSOR_OF_ATTEMPT]})
    found = logs.find_attempt(task, after.attempt if after else attempt)
    if found is None:
        return TranscriptPage([], None)
    of_stage = () if stage_index is None else (TranscriptChunk.stage_index == stage_index,)
    wanted = None if kinds or q else limit
    start = after.number if after else 0
    chunks, behind = _read_chunks(found, start, PAGE_BYTES, wanted, *of_stage)
    items: list[Entry] = []
    for entry in _decode_entries(found, chunks, start):
        if (kinds and entry.kind not in kinds) or not _has_text(entry, q):
            continue
        if len(items) == limit:
            behind = entry.number
            break
        items.append(entry)
    return TranscriptPage(
        items, None if behind is None else TranscriptPosition(found.number, behind)
    )


def _has_text(entry: Entry, q: str | None) -> bool:
    return not q or transcript.contains(q, entry.title, entry.text)


def next_entries(task_id: int, number: int, start: int) -> list[Entry]:
    """Return the next entries of that attempt from number `start` on: up to `STREAM_BYTES`, or one
    chunk.

    Empty if there are none.
    """
    attempt = db.session.get(Attempt, (task_id, number))
    if attempt is None:
        return []
    chunks, _ = _read_chunks(attempt, start, STREAM_BYTES, None)
    return list(_decode_entries(attempt, chunks, start))


def changed_entries(
    task_id: int, number: int, *, after: int, before_number: int, start: int = 0
) -> tuple[list[Entry], int | None]:
    """Return entries below `before_number` that changed after change number `after`, from number
    `start` on, in order: up to `STREAM_BYTES`, or those of one chunk.

    Also returns the number from which to continue; None: there are no more.
    """
    attempt = db.session.get(Attempt, (task_id, number))
    if attempt is None:
        return [], None
    query = (
        select(TranscriptChunk)
        .where(
            TranscriptChunk.task_id == task_id,
            TranscriptChunk.attempt == number,
            TranscriptChunk.last_update > max(after, 0),
            TranscriptChunk.first + TranscriptChunk.count > start,
            TranscriptChunk.first < before_number,
        )
        .order_by(TranscriptChunk.first)
        .limit(_CHANGED_CHUNKS)
    )
    chunks = db.session.scalars(query).all()
    found: list[Entry] = []
    size = 0
    for position, chunk in enumerate(chunks, 1):
        found += (
            entry
            for entry in _decode_entries(attempt, [chunk], start)
            if entry.update > after and entry.number < before_number
        )
        size += chunk.size
        if size >= STREAM_BYTES or position == _CHANGED_CHUNKS:
            return found, chunk.first + chunk.count
    return found, None


def _read_chunks(
    attempt: Attempt, start: int, most: int, wanted: int | None, *conditions: ColumnElement[bool]
) -> tuple[Sequence[TranscriptChunk], int | None]:
    """Return the chunks from entry `start` on: as many as have `wanted` entries, if given, but up
    to `most` bytes together, or one.

    Also returns the number of the first entry after them, if there is one.
    """
    mine = (
        TranscriptChunk.task_id == attempt.task_id,
        TranscriptChunk.attempt == attempt.number,
        TranscriptChunk.first + TranscriptChunk.count > start,
        *conditions,
    )
    # The first of them is the last that starts at or before that entry: found by the index.
    beginning = (
        select(func.max(TranscriptChunk.first))
        .where(*mine[:2], TranscriptChunk.first <= start)
        .scalar_subquery()
    )
    look = select(TranscriptChunk.first, TranscriptChunk.count, TranscriptChunk.size)
    look = look.where(*mine, TranscriptChunk.first >= beginning)
    spans = db.session.execute(look.order_by(TranscriptChunk.first).limit(PAGE_CHUNKS)).all()
    taken = size = entries = 0
    for span in spans:
        if taken and (size + span.size > most or (wanted is not None and entries >= wanted)):
            break
        taken, size = taken + 1, size + span.size
        entries += span.first + span.count - max(span.first, start)
    if not taken:
        return [], None
    last = spans[taken - 1].first
    query = select(TranscriptChunk).where(
        *mine, TranscriptChunk.first >= spans[0].first, TranscriptChunk.first <= last
    )
    chunks = db.session.scalars(query.order_by(TranscriptChunk.first)).all()
    is_all = taken == len(spans) < PAGE_CHUNKS
    return chunks, None if is_all else last + spans[taken - 1].count


def _decode_entries(
    attempt: Attempt, chunks: Sequence[TranscriptChunk], start: int
) -> Iterator[Entry]:
    began = attempt.started_at or attempt.assigned_at
    for chunk in chunks:
        for number, entry in enumerate(_decode(chunk.data), chunk.first):
            if number >= start:
                yield Entry(
                    number=number,
                    at=transcript.entry_time(began, entry.at_ms),
                    attempt=chunk.attempt,
                    stage_index=chunk.stage_index,
                    run=chunk.run,
                    kind=EntryKind(entry.kind),
                    title=entry.title,
                    text=entry.text,
                    data=entry.data,
                    log_offset=entry.log_offset,
                    state=None if entry.state is None else EntryState(entry.state),
                    finished_at=(
                        None
                        if entry.finished_ms is None
                        else transcript.entry_time(began, entry.finished_ms)
                    ),
                    update=chunk.updates.get(str(number), 0),
                )
