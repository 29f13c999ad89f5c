"""What agents do now: the action that runs, or for how long there has been no sign of work."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select, tuple_, update

from app.domain import transcript
from app.domain.attempt import AttemptPhase
from app.domain.task import TaskStatus
from app.domain.transcript import EntryKind
from app.extensions import db
from app.models import Attempt, Project, Task
from app.services import settings
from app.services.clock import now as clock_now
from muster.protocol.attempt_key import AttemptKey


@dataclass(frozen=True)
class AgentActivity:
    """The latest action that runs; `kind`, `title` and `started_at` are None if none does.
    `quiet_since`: nothing has been reported since then, for at least `agentQuietSeconds`.
    """

    kind: EntryKind | None
    title: str | None
    started_at: datetime | None
    quiet_since: datetime | None


@dataclass(frozen=True)
class ChangedActivity:
    """A task's activity, and what decides who can see it."""

    task_id: int
    project_id: int
    is_deleted: bool
    activity: AgentActivity | None


_COLUMNS = (
    Attempt.running_entries,
    func.coalesce(Attempt.started_at, Attempt.assigned_at).label("started_at"),
    func.coalesce(Attempt.active_at, Attempt.started_at).label("active_at"),
)


def find_activities(tasks: Sequence[Task]) -> dict[int, AgentActivity]:
    """Return the activities of those that run, by ID. At most one query."""
    running = [task.id for task in tasks if task.status is TaskStatus.RUNNING]
    if not running:
        return {}
    query = select(Attempt.task_id, *_COLUMNS).where(Attempt.task_id.in_(running), _runs())
    quiet_at = _quiet_limit()
    found = {row.task_id: _activity(row, quiet_at) for row in db.session.execute(query)}
    return {task_id: activity for task_id, activity in found.items() if activity}


def read_changed(task_ids: Collection[int]) -> list[ChangedActivity]:
    """Return the activities of these tasks, for streams. One query."""
    of_now = and_(Attempt.task_id == Task.id, Attempt.number == Task.attempt, _runs())
    query = (
        select(Task.id, Task.project_id, Task.status, Project.deleted_at, *_COLUMNS)
        .join(Project, Project.id == Task.project_id)
        .outerjoin(Attempt, of_now)
        .where(Task.id.in_(task_ids))
    )
    quiet_at = _quiet_limit()
    return [
        ChangedActivity(
            row.id,
            row.project_id,
            row.deleted_at is not None,
            _activity(row, quiet_at) if row.status is TaskStatus.RUNNING else None,
        )
        for row in db.session.execute(query)
    ]


def find_quiet() -> frozenset[int]:
    """Return the IDs of the tasks that are quiet now."""
    active_at = func.coalesce(Attempt.active_at, Attempt.started_at)
    query = select(Attempt.task_id).where(_runs(), active_at <= _quiet_limit())
    return frozenset(db.session.scalars(query))


def mark_active(keys: Collection[AttemptKey]) -> None:
    """Record a sign of work of these attempts, those that live. Commits."""
    key = tuple_(Attempt.task_id, Attempt.number)
    # Without the tasks' locks. Those that others change now are active anyway.
    free = select(Attempt.task_id, Attempt.number).where(key.in_(keys), _runs())
    free = free.with_for_update(skip_locked=True)
    query = update(Attempt).where(key.in_(free)).values(active_at=clock_now())
    db.session.execute(query, execution_options={"synchronize_session": False})
    db.session.commit()


def _runs() -> Any:
    return and_(Attempt.ended_at.is_(None), Attempt.phase == AttemptPhase.RUN)


def _quiet_limit() -> datetime:
    """Return the time since which a quiet agent has reported nothing."""
    return clock_now() - timedelta(seconds=settings.cached_value("agentQuietSeconds"))


def _activity(row: Any, quiet_at: datetime) -> AgentActivity | None:
    quiet = row.active_at if row.active_at is not None and row.active_at <= quiet_at else None
    if row.running_entries:
        _, kind, title, at_ms = row.running_entries[-1]
        started_at = transcript.entry_time(row.started_at, at_ms)
        return AgentActivity(EntryKind(kind), title, started_at, quiet)
    return AgentActivity(None, None, None, quiet) if quiet else None
