"""Batches of reports and log bytes from a machine, each stored in one transaction.

`apply_batch` checks that the connection is still the machine's current one, skips already counted
reports (`journal_id`, `journal_seq`), stores log bytes, applies each report, and commits. An
invalid report becomes a `warning` event: none may block those after it. Reports beyond a machine's
limits (`domain.storage_limits`) are counted and skipped.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import select, tuple_

from app import wakeups
from app.domain.errors import Conflict, DomainError
from app.domain.fleet_counters import FleetCounter, Refusal
from app.domain.machine import MachineEvent
from app.domain.storage_limits import MAX_EVENTS, ForgedReport, LimitExceeded
from app.domain.task import EventType
from app.extensions import db
from app.models import Attempt, Machine
from app.services import locks
from app.services.counters import fleet
from app.services.locks import LockedTask
from app.services.logs import logs
from app.services.machines import (
    after_restore,
    append_reports,
    change_reports,
    misbehavior,
    passive_reports,
    review_replies,
    transitions,
)
from app.services.machines.append_reports import BatchOutcome, MalformedReport
from app.services.machines.passive_reports import ReportHandler
from app.services.tasks import checkpoints, history, pushes, stages
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.bounds import MAX_MESSAGE_CHARS

log = structlog.get_logger(__name__)


class SessionReplaced(Exception):
    """The machine has a newer connection now."""


@dataclass
class _Batch:
    machine: Machine
    attempts: dict[AttemptKey, Attempt]
    locked: dict[AttemptKey, LockedTask]
    now: datetime
    outcome: BatchOutcome
    refused: Counter[str] = field(default_factory=Counter)
    about: str = ""

    def refuse(self, why: Refusal, locked: LockedTask | None, about: str) -> None:
        """Count it, and record it in its task's events if the audit log doesn't have the machine
        yet.
        """
        is_news = why not in self.refused and not misbehavior.is_reported(self.machine, why)
        self.refused[why] += 1
        self.about = self.about or about
        if is_news and locked is not None:
            history.record_attempt_event(
                locked, EventType.WARNING, about, report=why, machineId=str(locked.machine.id)
            )


def apply_batch(
    machine_id: uuid.UUID,
    generation: int,
    reports: Sequence[frames.Report | MalformedReport],
    log_frames: Sequence[frames.Log],
    now: datetime,
) -> BatchOutcome:
    """Store and apply a batch. Returns the answer. Commits.

    Raises SessionReplaced, after counting the batch as rejected.
    """
    if outcome := append_reports.apply(machine_id, generation, reports, log_frames):
        return outcome
    machine = locks.lock_machine(machine_id)
    if machine is None or machine.generation != generation:
        db.session.rollback()
        refused: dict[str, int] = {Refusal.REPLACED: len(reports) + len(log_frames)}
        fleet.increment(FleetCounter.REPORTS_REFUSED, refused)
        db.session.commit()
        raise SessionReplaced
    batch = _load(machine, reports, log_frames, now)
    with db.session.no_autoflush:  # each row is written once, at the end
        _store_logs(batch, log_frames)
        for report in reports:
            if report.seq > machine.journal_seq:
                _apply_report(batch, report)
                machine.journal_seq = report.seq
        _settle(batch)
    batch.outcome.up_to = machine.journal_seq
    batch.outcome.orders_version = machine.orders_version
    misbehavior.record_misbehavior(machine, batch.refused, batch.about)
    db.session.commit()
    return batch.outcome


def _load(
    machine: Machine,
    reports: Sequence[frames.Report | MalformedReport],
    log_frames: Sequence[frames.Log],
    now: datetime,
) -> _Batch:
    """Lock the tasks that may change. Log bytes alone need no task's lock.

    Attempts are read first, unlocked: they are only written under their machine's lock.
    """
    keys = {AttemptKey.from_object(r) for r in reports} | {
        AttemptKey.from_object(f) for f in log_frames
    }
    found = _attempts(machine, keys)
    ending = {a.task_id for a in found.values() if a.pending_exit is not None}
    named = {r.task_id for r in reports if AttemptKey.from_object(r) in found}
    may_change = named | ending
    tasks = locks.lock_attempts(
        machine, [a for a in found.values() if a.task_id in may_change], now
    )
    locked = {AttemptKey(each.task.id, each.attempt.number): each for each in tasks}
    return _Batch(machine, found, locked, now, BatchOutcome(machine.journal_seq))


def _attempts(machine: Machine, keys: set[AttemptKey]) -> dict[AttemptKey, Attempt]:
    if not keys:
        return {}
    query = (
        select(Attempt)
        .where(tuple_(Attempt.task_id, Attempt.number).in_(keys))
        .where(Attempt.machine_id == machine.id)  # machines don't write about each other's attempts
        .execution_options(populate_existing=True)
    )
    return {AttemptKey(a.task_id, a.number): a for a in db.session.scalars(query)}


def _store_logs(batch: _Batch, log_frames: Sequence[frames.Log]) -> None:
    pieces: dict[AttemptKey, list[logs.LogSegment]] = {}
    for frame in log_frames:
        piece = logs.LogSegment(frame.offset, frame.milliseconds, frame.stage_index, frame.data)
        pieces.setdefault(AttemptKey.from_object(frame), []).append(piece)
    for key, found in pieces.items():
        attempt = batch.attempts.get(key)
        if attempt is None or attempt.forgotten_at is not None:
            batch.outcome.stale.add(key)
            batch.refused[Refusal.UNKNOWN] += len(found)
            continue
        wakeups.publish_task_changes([attempt.task_id])
        # Some bytes of an ended attempt are still accepted, because they are true.
        lost = sum(end - start for start, end in attempt.log_gaps)
        if (gap := logs.append(attempt, found)) is not None:
            batch.outcome.gaps[key] = gap
        batch.outcome.logs[key] = attempt.log_bytes
        if (more := sum(end - start for start, end in attempt.log_gaps) - lost) > 0:
            locked = _find(batch, key)
            about = f"{more} bytes of the log exceed the limit and aren't stored"
            batch.refuse(Refusal.LIMIT_EXCEEDED, locked, about)


def _settle(batch: _Batch) -> None:
    for locked in batch.locked.values():
        if locked.has_live_attempt:
            stages.apply_pending_end(locked)


def _find(batch: _Batch, key: AttemptKey) -> LockedTask | None:
    """Return the attempt with its task; None if that isn't locked, or the attempt isn't the
    machine's, or is deleted there.
    """
    locked = batch.locked.get(key)
    return locked if locked and locked.attempt.forgotten_at is None else None


def _apply_report(batch: _Batch, report: frames.Report | MalformedReport) -> None:
    locked = _find(batch, AttemptKey.from_object(report))
    if isinstance(report, MalformedReport):
        batch.refuse(
            Refusal.MALFORMED, locked, f"ignored a report: {report.reason}"[:MAX_MESSAGE_CHARS]
        )
        return
    if isinstance(report.body, frames.Drained):
        _finish_drain(batch.machine, batch.now)
        return
    if locked is None:
        _refuse_unknown(batch, report)
        return
    effect = passive_reports.HANDLERS.get(type(report.body))
    if history.is_full(locked.task) and _is_repetitive(report.body):
        about = f"the task has more than {MAX_EVENTS} events; further ones aren't recorded"
        batch.refuse(Refusal.LIMIT_EXCEEDED, locked, about)
    elif effect is None and locked.attempt.ended_at is not None:
        _refuse_stale(batch, locked, report.body)
    else:
        _run_handler(batch, locked, effect or _HANDLERS[type(report.body)], report.body)


def _run_handler(
    batch: _Batch, locked: LockedTask, effect: ReportHandler, body: frames.Body
) -> None:
    try:
        effect(locked, body)
    except (LimitExceeded, ForgedReport) as error:
        why = Refusal.FORGED if isinstance(error, ForgedReport) else Refusal.LIMIT_EXCEEDED
        batch.refuse(why, locked, f"ignored {_report_tag(body)}: {error}")
    except DomainError as error:
        if after_restore.is_ahead(locked, body):
            after_restore.end_ahead_attempt(locked)
            return
        batch.refused[Refusal.UNORDERED] += 1
        _warn(locked, _report_tag(body), f"ignored {_report_tag(body)}: {error}")


def _refuse_unknown(batch: _Batch, report: frames.Report) -> None:
    about = repr(report.body)[:1000]
    log.warning("invalid_report", machine=str(batch.machine.id), report=about)
    # These are themselves the response to `Stale`, `Forget` and `Tunnel`.
    if not isinstance(report.body, frames.Stopped | frames.WorkspaceFacts | frames.TunnelFacts):
        batch.outcome.stale.add(AttemptKey.from_object(report))
        batch.refused[Refusal.UNKNOWN] += 1


def _refuse_stale(batch: _Batch, locked: LockedTask, body: frames.Body) -> None:
    """Record a report of an ended attempt as a warning; it changes nothing else."""
    batch.outcome.stale.add(AttemptKey(locked.attempt.task_id, locked.attempt.number))
    batch.refused[Refusal.ENDED] += 1
    if isinstance(body, frames.Content | frames.Changes):
        return  # they may be thousands, about work that doesn't count
    about = ""
    if isinstance(body, frames.Published):
        if locked.attempt.work is None:  # otherwise the server chose it; any other isn't ours
            locked.attempt.pushed_commit = body.commit  # which a successor may find
        about = f": branch {body.branch}" + (f", and {body.moved.name}" if body.moved else "")
    _warn(
        locked,
        _report_tag(body),
        f"attempt {locked.attempt.number} had ended before its {_report_tag(body)}{about}",
    )


def _warn(locked: LockedTask, report: str, text: str) -> None:
    machine_id = str(locked.machine.id)
    history.record_limited_event(
        locked, EventType.WARNING, text, report=report, machineId=machine_id
    )


def _report_tag(body: frames.Body) -> str:
    return str(type(body).__struct_config__.tag)


def _finish_drain(machine: Machine, now: datetime) -> None:
    db.session.flush()
    query = select(Attempt.task_id).where(
        Attempt.machine_id == machine.id, Attempt.ended_at.is_(None), Attempt.accepted_at.is_(None)
    )
    if db.session.scalar(query.limit(1)) is not None:
        return  # it was sent before the machine got this one, and will be repeated after it
    # The drain may have been cancelled while the machine's report was on its way.
    with contextlib.suppress(Conflict):
        transitions.apply_event(machine, MachineEvent.FINISH_DRAIN, now)


# ---- reports that change the task's status ------------------------------------------------------


def _handle_accepted(locked: LockedTask, _: frames.Accepted) -> None:
    locked.attempt.accepted_at = locked.now


_HANDLERS: dict[type, ReportHandler] = {
    frames.Accepted: _handle_accepted,
    frames.StageStarted: stages.handle_stage_started,
    frames.StageFinished: stages.handle_stage_finished,
    frames.Suspended: stages.handle_suspended,
    frames.QuestionOpened: stages.handle_question,
    frames.QuestionWithdrawn: stages.handle_question_withdrawn,
    frames.InterruptIgnored: stages.handle_interrupt_ignored,
    frames.ThreadReplied: review_replies.handle_reply,
    frames.Checkpoint: checkpoints.handle_checkpoint,
    frames.Content: change_reports.handle_content,
    frames.Changes: change_reports.handle_changes,
    frames.PublishPreview: pushes.handle_to_publish,
    frames.Published: stages.handle_published,
    frames.BranchRefused: pushes.handle_branch_refused,
    frames.Failed: stages.handle_failed,
    frames.Lost: stages.handle_lost,
}


def _is_repetitive(body: frames.Body) -> bool:
    """Whether it doesn't change the task's status, but creates an event each time."""
    if isinstance(body, frames.TunnelFacts):
        return body.state in ("starting", "connected")
    return isinstance(body, frames.Note | frames.QuestionOpened)
