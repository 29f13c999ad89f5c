"""Changes of stored transcript entries: an action ends, or its attempt does.

An entry keeps its number and its place in its chunk. The changes of an attempt are counted, so that
readers get those that they missed. The caller holds the locks of the machine and the task.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import select, text

from app import wakeups
from app.domain import transcript
from app.domain.errors import Conflict
from app.domain.storage_limits import LimitExceeded
from app.domain.transcript import EntryState
from app.extensions import db
from app.models import Attempt, TranscriptChunk
from app.services.tasks import storage_quota
from muster.protocol import frames

_encode = msgspec.json.Encoder().encode
_decode_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_entry = msgspec.json.Decoder(frames.TranscriptEntry).decode

_CHANGEABLE = (EntryState.RUNNING, EntryState.STOPPED)
"""The server marks entries of lost attempts as stopped, whose machines may know more."""


# The start of each entry's chunk, found by the index.
_FIND_STARTS = text("""
    SELECT DISTINCT chunk.first FROM unnest(CAST(:numbers AS bigint[])) AS wanted(number)
    CROSS JOIN LATERAL (
        SELECT c.first FROM transcript_chunks AS c
        WHERE c.task_id = :task_id AND c.attempt = :attempt AND c.first <= wanted.number
        ORDER BY c.first DESC LIMIT 1
    ) AS chunk
""")


class EntryNotRunning(Conflict):
    """The entry is of another run, or its state is final."""


def encode_entry(entry: frames.TranscriptEntry) -> bytes:
    """Return the entry as JSON, cut if the machine exceeded an entry's limits."""
    if transcript.is_too_deep(entry.data):
        entry = replace(entry, data=transcript.TRUNCATED)
    line = _encode(entry)
    if len(line) <= transcript.MAX_DATA and len(entry.title) <= transcript.MAX_TITLE:
        return line
    title, text = entry.title[: transcript.MAX_TITLE], entry.text[: transcript.MAX_TEXT]
    data = entry.data
    if len(_encode(data)) > transcript.MAX_DATA:
        data = transcript.TRUNCATED
    elif (title, text) != (entry.title, entry.text):
        data = {**data, **transcript.TRUNCATED}
    return _encode(replace(entry, title=title, text=text, data=data))


def apply_updates(attempt: Attempt, body: frames.TranscriptUpdated) -> None:
    """Replace the report's entries in place.

    Raises EntryNotRunning or LimitExceeded if some of them can't change, after the others have.
    """
    wanted = {updated.number: updated.entry for updated in body.entries}
    problems: list[Conflict] = []
    found = set()
    for chunk in _find_chunks(attempt, wanted):
        if (chunk.stage_index, chunk.run) != (body.stage_index, body.run):
            continue
        numbers = [n for n in wanted if chunk.first <= n < chunk.first + chunk.count]
        found.update(numbers)
        problems += _change_chunk(attempt, chunk, {n: wanted[n] for n in numbers})
    if missing := sorted(wanted.keys() - found):
        raise EntryNotRunning(f"no entry {missing[0]} of that run")
    if problems:
        raise problems[0]


def stop_running(attempt: Attempt) -> None:
    """Mark the attempt's running entries as stopped: it has ended."""
    numbers = {int(number) for number, *_ in attempt.running_entries}
    for chunk in _find_chunks(attempt, numbers):
        changes = {}
        for number, raw in enumerate(_decode_raw(chunk.data), chunk.first):
            if number in numbers:
                changes[number] = replace(_decode_entry(raw), state=EntryState.STOPPED.value)
        _change_chunk(attempt, chunk, changes)
    attempt.running_entries = []


def add_running(attempt: Attempt, entries: Iterable[tuple[int, frames.TranscriptEntry]]) -> None:
    """Record which of the attempt's entries run now: these have changed."""
    rows = {number: row for number, *row in attempt.running_entries}
    for number, entry in entries:
        rows.pop(number, None)
        if entry.state == EntryState.RUNNING.value and len(rows) < transcript.MAX_RUNNING:
            rows[number] = running_row(entry)
    found = [[number, *row] for number, row in sorted(rows.items())]
    if found != attempt.running_entries:
        attempt.running_entries = found
        wakeups.publish_activity(attempt.task_id)


def running_row(entry: frames.TranscriptEntry) -> list[str | int]:
    """Return what `Attempt.running_entries` has about an entry besides its number."""
    return [entry.kind, entry.title[: transcript.MAX_TITLE], entry.at_ms]


def _find_chunks(attempt: Attempt, numbers: Iterable[int]) -> Sequence[TranscriptChunk]:
    """Return the chunks that have entries with these numbers."""
    if not (wanted := [n for n in numbers if n < attempt.transcript_entries]):
        return ()
    db.session.flush()  # they may be from the same batch
    mine = {"task_id": attempt.task_id, "attempt": attempt.number}
    firsts = db.session.scalars(_FIND_STARTS, {**mine, "numbers": wanted}).all()
    query = select(TranscriptChunk).filter_by(**mine).where(TranscriptChunk.first.in_(firsts))
    query = query.order_by(TranscriptChunk.first).execution_options(populate_existing=True)
    return db.session.scalars(query).all()


def _change_chunk(
    attempt: Attempt, chunk: TranscriptChunk, changes: Mapping[int, frames.TranscriptEntry]
) -> list[Conflict]:
    """Replace those entries of the chunk; return why some of them can't change."""
    problems: list[Conflict] = []
    lines: list[bytes] = list(map(bytes, _decode_raw(chunk.data)))
    updates, changed = dict(chunk.updates), []
    for number, entry in sorted(changes.items()):
        before = _decode_entry(lines[number - chunk.first])
        if before.state not in _CHANGEABLE:
            problems.append(EntryNotRunning(f"entry {number} isn't running"))
            continue
        now = replace(entry, at_ms=before.at_ms)
        line = _fit_line(attempt, now, len(lines[number - chunk.first]))
        if line is None:
            problems.append(LimitExceeded("the attempt's storage limit is reached"))
            continue
        attempt.stored_bytes += len(line) - len(lines[number - chunk.first])
        lines[number - chunk.first] = line
        attempt.transcript_updates += 1
        updates[str(number)] = attempt.transcript_updates
        changed.append((number, now))
    if changed:
        chunk.data = b"[" + b",".join(lines) + b"]"
        chunk.size = len(chunk.data)
        chunk.updates, chunk.last_update = updates, attempt.transcript_updates
        add_running(attempt, changed)
        wakeups.publish_task_changes([attempt.task_id])
    return problems


def _fit_line(attempt: Attempt, entry: frames.TranscriptEntry, size: int) -> bytes | None:
    """Return the entry as JSON if the limit allows it in place of one of that size; else without
    its text and data, so that its end is known; None if that is too much, too.
    """
    short = replace(entry, text="", data=transcript.TRUNCATED)
    for line in (encode_entry(entry), encode_entry(short)):
        if len(line) <= size or storage_quota.has_space(attempt, len(line) - size):
            return line
    return None
