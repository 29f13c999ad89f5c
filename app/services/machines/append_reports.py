"""The most frequent reports: additions to a log or a transcript.

Each is stored in one round trip. Everything else takes the full path (`reports`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.services.logs import entry_chunks, logs, statements
from app.services.logs.statements import LogRun
from app.services.tasks import storage_quota
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey


@dataclass(frozen=True)
class MalformedReport:
    """A report of which only the number and the attempt are usable."""

    seq: int
    task_id: int
    attempt: int
    reason: str


@dataclass
class BatchOutcome:
    """The answer to the machine: acks, missing offsets, and attempts that have ended."""

    up_to: int
    logs: dict[AttemptKey, int] = field(default_factory=dict)
    gaps: dict[AttemptKey, int] = field(default_factory=dict)
    stale: set[AttemptKey] = field(default_factory=set)
    orders_version: int = 0


def apply(
    machine_id: uuid.UUID,
    generation: int,
    reports: Sequence[frames.Report | MalformedReport],
    log_frames: Sequence[frames.Log],
    now: datetime,
) -> BatchOutcome | None:
    """Store the next entries of a transcript and log frames, if there is nothing else.

    Returns the answer, or None if the full path is needed, which skips what has been stored.
    Commits.
    """
    outcome = _apply_entries(machine_id, generation, reports, now) if reports else None
    if reports and (outcome is None or not log_frames):
        return outcome
    return _apply_logs(machine_id, generation, log_frames, now)


def _apply_entries(
    machine_id: uuid.UUID,
    generation: int,
    reports: Sequence[frames.Report | MalformedReport],
    now: datetime,
) -> BatchOutcome | None:
    """Store entries in one round trip, if the reports have the next ones of one transcript and
    nothing else.

    Returns the answer, or None.
    """
    report_bodies = [report.body for report in reports if isinstance(report, frames.Report)]
    bodies = [body for body in report_bodies if isinstance(body, frames.Transcript)]
    if len(bodies) < len(reports) or not _is_consecutive(reports, bodies):
        return None
    if any(entry_chunks.is_progress(entry) for body in bodies for entry in body.entries):
        return None  # they become events
    seqs, key = (reports[0].seq, reports[-1].seq), AttemptKey.from_object(reports[0])
    chunks = [entry_chunks.build_chunk(body, body.first, body.entries) for body in bodies]
    most = storage_quota.max_live_bytes()
    version = statements.append_entries(machine_id, generation, seqs, key, chunks, most, now)
    return None if version is None else BatchOutcome(seqs[1], orders_version=version)


def _is_consecutive(
    reports: Sequence[frames.Report | MalformedReport], bodies: Sequence[frames.Transcript]
) -> bool:
    """Whether no number is missing, and no report is empty or of another attempt."""
    seq, key, first = reports[0].seq, AttemptKey.from_object(reports[0]), bodies[0].first
    for number, (report, body) in enumerate(zip(reports, bodies, strict=True), seq):
        if (report.seq, AttemptKey.from_object(report), body.first) != (number, key, first):
            return False
        first += len(body.entries)
    return all(body.entries for body in bodies)


def _apply_logs(
    machine_id: uuid.UUID, generation: int, log_frames: Sequence[frames.Log], now: datetime
) -> BatchOutcome | None:
    """Store log frames in one round trip, if each continues its log. Returns the answer, or
    None.
    """
    runs: dict[AttemptKey, LogRun] = {}
    for frame in log_frames:
        run = runs.setdefault(AttemptKey.from_object(frame), LogRun(frame.offset))
        if frame.offset != run.end or not frame.data:
            return None
        run.marks.append([frame.offset, frame.milliseconds, frame.stage_index])
        run.data += frame.data
        if len(run.data) > logs.CHUNK_BYTES:
            return None
    kept = (
        statements.append_logs(machine_id, generation, runs, storage_quota.max_live_bytes(), now)
        if runs
        else None
    )
    if kept is None or kept.ends.keys() != runs.keys():
        return None
    return BatchOutcome(kept.journal_seq, kept.ends, orders_version=kept.orders_version)
