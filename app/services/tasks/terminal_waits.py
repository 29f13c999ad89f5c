"""Stages whose agent waits for someone at its terminal, as machines' heartbeats report them.

The row keeps which run of which stage waited, so that nothing has to be cleared when a stage ends.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import DateTime, cast, or_, select, tuple_

from app.domain.attempt import AttemptPhase
from app.domain.task import EventType, TaskStatus
from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import Attempt, Task
from app.services import locks
from app.services.locks import LockedTask
from app.services.tasks import history
from muster.protocol.frames import WaitingTerminal

SINCE = cast(Attempt.terminal_wait["since"].as_string(), DateTime(timezone=True))
"""When the wait began."""


def find_waiting(tasks: Sequence[Task]) -> frozenset[int]:
    """Return the IDs of those whose agent waits at its terminal. At most one query."""
    running = [task.id for task in tasks if task.status is TaskStatus.RUNNING]
    if not running:
        return frozenset()
    query = select(Attempt.task_id).where(Attempt.task_id.in_(running), Attempt.is_at_terminal())
    return frozenset(db.session.scalars(query))


def store_waits(
    machine_id: uuid.UUID, generation: int, waiting: Sequence[WaitingTerminal], now: datetime
) -> None:
    """Store which of the machine's live attempts wait: these, and no others. Commits."""
    named = {(each.task_id, each.attempt): each for each in waiting}
    if not _has_candidates(machine_id, list(named)):
        db.session.rollback()
        return
    machine = locks.lock_machine(machine_id)
    if machine is None or machine.generation != generation:
        db.session.rollback()
        return
    for locked in locks.lock_live_attempts(machine, now):
        attempt = locked.attempt
        _store_wait(locked, named.get((attempt.task_id, attempt.number)))
    db.session.commit()


def _has_candidates(machine_id: uuid.UUID, named: Sequence[tuple[int, int]]) -> bool:
    """Whether anything may have to change: most machines report that nothing waits."""
    concerned = or_(
        Attempt.terminal_wait.is_not(None), tuple_(Attempt.task_id, Attempt.number).in_(named)
    )
    query = select(Attempt.task_id).where(
        Attempt.machine_id == machine_id, Attempt.ended_at.is_(None), concerned
    )
    return db.session.scalar(query.limit(1)) is not None


def _store_wait(locked: LockedTask, reported: WaitingTerminal | None) -> None:
    attempt = locked.attempt
    stage = {"stageIndex": attempt.stage_index, "run": attempt.run}
    is_reported = reported is not None and stage == {
        "stageIndex": reported.stage_index,
        "run": reported.run,
    }
    before = attempt.terminal_wait
    if is_reported and attempt.phase is AttemptPhase.RUN:
        if before is None or before | stage != before:
            attempt.terminal_wait = {**stage, "since": to_rfc3339(locked.now)}
            _record(locked, "waiting in its terminal: its agent asks something there", True)
    elif before is not None:
        attempt.terminal_wait = None
        _record(locked, "no longer waiting in its terminal", False)


def _record(locked: LockedTask, text: str, waits: bool) -> None:
    history.record_limited_event(locked, EventType.WARNING, text, waitsInTerminal=waits)
