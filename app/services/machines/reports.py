"""Batches of reports and log bytes from a machine, each stored in one transaction.

`apply` proves that the connection still speaks for the machine, skips reports that were counted
before (`journal_id`, `journal_seq`), stores log bytes, lets each report take effect, and commits. A
report that makes no sense is kept as a `warning` event: none may block those behind it.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select, tuple_

from app import bus
from app.domain.attempt import WorkspaceState
from app.domain.errors import Conflict, DomainError
from app.domain.fleet import FleetCounter, Refusal
from app.domain.machine import MachineEvent
from app.domain.task import ENDED, EventType
from app.extensions import db
from app.models import Attempt, Machine, Task
from app.services import locks
from app.services.counts import fleet
from app.services.logs import logs, transcripts
from app.services.machines import continuations, transitions
from app.services.machines.continuations import Outcome
from app.services.tasks import attempts, checkpoints, egress, stages, workspaces
from app.services.tasks.stages import LiveAttempt
from app.services.tunnels import tunnels
from app.services.usage import keeping as usage
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

log = structlog.get_logger(__name__)

_LEVELS = {"info": EventType.LOG, "warning": EventType.WARNING, "error": EventType.ERROR}


class Replaced(Exception):
    """Another connection speaks for the machine now."""


@dataclass
class _Batch:
    machine: Machine
    tasks: dict[int, Task]
    attempts: dict[AttemptKey, Attempt]
    now: datetime
    outcome: Outcome
    refused: Counter[str] = field(default_factory=Counter)


def apply(
    machine_id: uuid.UUID,
    generation: int,
    reports: Sequence[frames.Report],
    log_frames: Sequence[frames.Log],
    now: datetime,
) -> Outcome:
    """Store a batch and let it take effect. Returns what to answer. Commits.

    Raises Replaced, having counted the batch as refused.
    """
    if outcome := continuations.apply(machine_id, generation, reports, log_frames):
        return outcome
    machine = locks.machine(machine_id)
    if machine is None or machine.generation != generation:
        db.session.rollback()
        refused: dict[str, int] = {Refusal.REPLACED: len(reports) + len(log_frames)}
        fleet.note(FleetCounter.REPORTS_REFUSED, refused)
        db.session.commit()
        raise Replaced
    batch = _load(machine, reports, log_frames, now)
    with db.session.no_autoflush:  # each row is written once, at the end
        _store_logs(batch, log_frames)
        for report in reports:
            if report.seq > machine.journal_seq:
                _take_effect(batch, report)
                machine.journal_seq = report.seq
        _settle(batch)
    batch.outcome.up_to = machine.journal_seq
    batch.outcome.orders_version = machine.orders_version
    fleet.note(FleetCounter.REPORTS_REFUSED, batch.refused)
    db.session.commit()
    return batch.outcome


def _load(
    machine: Machine,
    reports: Sequence[frames.Report],
    log_frames: Sequence[frames.Log],
    now: datetime,
) -> _Batch:
    """Lock the tasks that something may happen to. Log bytes alone need no task's lock.

    Attempts are read first, unlocked: they are written under their machine's lock alone.
    """
    keys = {AttemptKey.of(r) for r in reports} | {AttemptKey.of(f) for f in log_frames}
    found = _attempts(machine, keys)
    ending = {a.task_id for a in found.values() if a.pending_end is not None}
    named = {r.task_id for r in reports if AttemptKey.of(r) in found}
    tasks = locks.tasks(named | ending)
    return _Batch(machine, tasks, found, now, Outcome(machine.journal_seq))


def _attempts(machine: Machine, keys: set[AttemptKey]) -> dict[AttemptKey, Attempt]:
    if not keys:
        return {}
    query = (
        select(Attempt)
        .where(tuple_(Attempt.task_id, Attempt.number).in_(keys))
        .where(Attempt.machine_id == machine.id)  # nobody writes about another machine's attempts
        .execution_options(populate_existing=True)
    )
    return {AttemptKey(a.task_id, a.number): a for a in db.session.scalars(query)}


def _store_logs(batch: _Batch, log_frames: Sequence[frames.Log]) -> None:
    pieces: dict[AttemptKey, list[logs.LogPiece]] = {}
    for frame in log_frames:
        piece = logs.LogPiece(frame.offset, frame.milliseconds, frame.stage_index, frame.data)
        pieces.setdefault(AttemptKey.of(frame), []).append(piece)
    for key, found in pieces.items():
        attempt = batch.attempts.get(key)
        if attempt is None:
            batch.outcome.stale.add(key)
            batch.refused[Refusal.UNKNOWN] += len(found)
            continue
        bus.tell_news([attempt.task_id])
        # Bytes of an attempt that has ended are still welcome, for they are true.
        if (gap := logs.append(attempt, found)) is not None:
            batch.outcome.gaps[key] = gap
        batch.outcome.logs[key] = attempt.log_bytes


def _settle(batch: _Batch) -> None:
    for attempt in batch.attempts.values():
        if attempt.pending_end is not None and attempt.ended_at is None:
            task = batch.tasks[attempt.task_id]
            stages.settle(LiveAttempt(batch.machine, task, attempt, batch.now))


def _take_effect(batch: _Batch, report: frames.Report) -> None:
    if isinstance(report.body, frames.Drained):
        _drained(batch.machine, batch.now)
        return
    key = AttemptKey.of(report)
    task, attempt = batch.tasks.get(report.task_id), batch.attempts.get(key)
    if task is None or attempt is None:
        about = repr(report.body)[:1000]
        log.warning("senseless_report", machine=str(batch.machine.id), report=about)
        # These are themselves the answer to `Stale`, `Forget` and `Tunnel`.
        if not isinstance(report.body, frames.Stopped | frames.WorkspaceFacts | frames.TunnelFacts):
            batch.outcome.stale.add(key)
            batch.refused[Refusal.UNKNOWN] += 1
        return
    live = LiveAttempt(batch.machine, task, attempt, batch.now)
    effect = _HOUSEKEEPING.get(type(report.body))
    if effect is None and attempt.ended_at is not None:
        _stale(batch, live, report.body)
        return
    try:
        (effect or _EFFECTS[type(report.body)])(live, report.body)
    except DomainError as error:
        batch.refused[Refusal.UNORDERED] += 1
        _warn(live, report.body, f"{_kind(report.body)} is ignored: {error}")


def _stale(batch: _Batch, live: LiveAttempt, body: frames.Body) -> None:
    """Note a report of an attempt that has ended as a warning; it changes nothing else."""
    batch.outcome.stale.add(AttemptKey(live.attempt.task_id, live.attempt.number))
    batch.refused[Refusal.ENDED] += 1
    about = f": branch {body.branch}" if isinstance(body, frames.Published) else ""
    _warn(live, body, f"attempt {live.attempt.number} had ended before its {_kind(body)}{about}")


def _warn(live: LiveAttempt, body: frames.Body, text: str) -> None:
    machine_id = str(live.machine.id)
    live.record(EventType.WARNING, text, report=_kind(body), machineId=machine_id)


def _kind(body: frames.Body) -> str:
    return str(type(body).__struct_config__.tag)


# ---- what needs no live attempt ----------------------------------------------------------------


def _note(live: LiveAttempt, body: frames.Note) -> None:
    live.record(_LEVELS[body.level], body.text[:10_000])


def _log_lost(live: LiveAttempt, body: frames.LogLost) -> None:
    logs.lose(live.attempt, body.start, body.end)
    text = f"the machine lost {body.end - body.start} bytes of its log"
    live.record(EventType.WARNING, text, start=body.start, end=body.end)


def _stopped(live: LiveAttempt, _: frames.Stopped) -> None:
    """An order to stop was carried out; or the machine stopped a live attempt by itself: a loss."""
    attempts.free_slot(live.machine, live.attempt)
    if live.attempt.ended_at is None:
        stages.lost(live, f"{live.machine.name} stopped it of its own accord")


def _workspace(live: LiveAttempt, body: frames.WorkspaceFacts) -> None:
    if body.state == "removed" and live.attempt.ended_at is not None:
        live.attempt.forgotten_at = live.now
        # A live task that counts on one shall fail by it, not go on without the work.
        if live.task.status in ENDED:
            attempts.give_up_checkpoints(live.task, live.attempt.number)
    match workspaces.keep(live.attempt, body, live.now):
        # Facts come again and again: only a change of the state is an event.
        case (None | WorkspaceState.PREPARING, WorkspaceState.READY):
            _tell_workspace(live, "ready on", body)
        case (WorkspaceState.PREPARING | WorkspaceState.READY, WorkspaceState.REMOVED):
            _tell_workspace(live, "removed from", body)


def _tell_workspace(live: LiveAttempt, what: str, body: frames.WorkspaceFacts) -> None:
    text = f"workspace {what} {live.machine.name}"
    machine_id = str(live.machine.id)
    live.record(EventType.WORKSPACE, text, stage_index=None, state=body.state, machineId=machine_id)


def _drained(machine: Machine, now: datetime) -> None:
    db.session.flush()
    query = select(Attempt.task_id).where(
        Attempt.machine_id == machine.id, Attempt.ended_at.is_(None), Attempt.accepted_at.is_(None)
    )
    if db.session.scalar(query.limit(1)) is not None:
        return  # it said so before it heard of this one, and will say so again after it
    # Somebody may have taken the drain back while the machine's word was on its way.
    with contextlib.suppress(Conflict):
        transitions.move(machine, MachineEvent.RUN_DRY, now)


# Each takes its own kind of body.
_HOUSEKEEPING: dict[type, Callable[[LiveAttempt, Any], None]] = {
    frames.Note: _note,
    frames.LogLost: _log_lost,
    frames.Stopped: _stopped,
    frames.WorkspaceFacts: _workspace,
    frames.TunnelFacts: tunnels.told,
    frames.EgressRefused: egress.refused,
    frames.Transcript: transcripts.told,
    frames.Usage: usage.told,
}


# ---- what moves the task -----------------------------------------------------------------------


def _accepted(live: LiveAttempt, _: frames.Accepted) -> None:
    live.attempt.accepted_at = live.now


_EFFECTS: dict[type, Callable[[LiveAttempt, Any], None]] = {
    frames.Accepted: _accepted,
    frames.StageStarted: stages.started,
    frames.StageFinished: stages.finished,
    frames.Suspended: stages.suspended,
    frames.Asked: stages.asked,
    frames.Unasked: stages.unasked,
    frames.Checkpoint: checkpoints.made,
    frames.Published: stages.published,
    frames.Failed: stages.failed,
    frames.Lost: lambda live, body: stages.lost(live, body.reason),
}
