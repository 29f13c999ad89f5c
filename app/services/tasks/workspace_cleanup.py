"""Workspaces that are no longer needed: machines are ordered to delete them.

A workspace can be deleted when its attempt and its task have ended: later attempts of a live task
may start from any of its checkpoints. The checkpoints go first, under the task's lock, and only
then is the machine ordered (`machines.orders`). A retry either comes before that and keeps them, or
after it and finds none, but is never queued to resume from one that the machine is deleting.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, and_, exists, func, select, tuple_, update

from app import wakeups
from app.domain.task import ENDED
from app.extensions import db
from app.models import Attempt, Machine, Task, Workspace
from app.services import locks, settings
from app.services.tasks import attempts

# Machines that are away delete nothing; those that never return would add up.
_has_workspace = and_(
    Attempt.forgotten_at.is_(None),
    exists().where(Machine.id == Attempt.machine_id, Machine.connected),
)
_is_removable = and_(Attempt.forget_at.is_not(None), Task.status.in_(ENDED))


def sweep(now: datetime) -> int:
    """Make machines delete expired workspaces, and the oldest of those beyond a machine's limit.

    Workspaces in use count, and stay. Returns the number of machines with orders. Commits.
    """
    limit = int(settings.value("workspacesGigabytes") * (1 << 30))
    due = _machines_over_time(now) | _machines_over_size(now, limit)
    for machine in locks.lock_machines(due):
        attempts.bump_orders_version(machine)
    _expire_excess(due, now, limit)
    _drop_checkpoints(due, now)
    wakeups.wake_machines(due)
    db.session.commit()
    return len(due)


def expire_project(project_id: int, now: datetime) -> None:
    """Expire the project's workspaces: the next sweep deletes them. Commits.

    Those of live attempts stay.
    """
    of_project = select(Task.id).where(Task.project_id == project_id).scalar_subquery()
    theirs = (
        Attempt.task_id.in_(of_project),
        Attempt.forgotten_at.is_(None),
        Attempt.forget_at > now,
    )
    locks.lock_machines(db.session.scalars(select(Attempt.machine_id).where(*theirs)))
    sooner = update(Attempt).where(*theirs).values(forget_at=now)
    db.session.execute(sooner.execution_options(synchronize_session=False))
    db.session.commit()


def _machines_over_time(now: datetime) -> set[uuid.UUID]:
    query = select(Attempt.machine_id).join(Task, Task.id == Attempt.task_id)
    return set(
        db.session.scalars(query.where(_has_workspace, _is_removable, Attempt.forget_at < now))
    )


def _machines_over_size(now: datetime, limit: int) -> set[uuid.UUID]:
    sizes = _sizes()
    return set(
        db.session.scalars(select(sizes.c.machine_id).where(_is_over_limit(sizes, now, limit)))
    )


def _sizes() -> CTE:
    """Return each kept attempt with its machine's total size up to it: first those in use, then
    by age, the oldest last.
    """
    order = (_is_removable, Attempt.ended_at.desc().nulls_first(), Attempt.task_id)
    up_to = func.sum(Workspace.size_bytes).over(partition_by=Attempt.machine_id, order_by=order)
    return (
        select(
            Attempt.task_id,
            Attempt.number,
            Attempt.machine_id,
            Attempt.forget_at,
            _is_removable.label("may_go"),
            up_to.label("up_to"),
        )
        .join(Task, Task.id == Attempt.task_id)
        .join(
            Workspace,
            and_(Workspace.task_id == Attempt.task_id, Workspace.attempt == Attempt.number),
        )
        .where(_has_workspace)
        .cte("sizes")
    )


def _is_over_limit(sizes: CTE, now: datetime, limit: int) -> ColumnElement[bool]:
    return and_(sizes.c.may_go, sizes.c.forget_at > now, sizes.c.up_to > limit)


def _expire_excess(machine_ids: Collection[uuid.UUID], now: datetime, limit: int) -> None:
    """Expire excess workspaces. The caller holds the machines' locks."""
    sizes = _sizes()
    too_much = select(sizes.c.task_id, sizes.c.number).where(
        sizes.c.machine_id.in_(machine_ids), _is_over_limit(sizes, now, limit)
    )
    whose = tuple_(Attempt.task_id, Attempt.number).in_(too_much)
    db.session.execute(
        update(Attempt)
        .where(whose)
        .values(forget_at=now)
        .execution_options(synchronize_session=False)
    )


def _drop_checkpoints(machine_ids: Collection[uuid.UUID], now: datetime) -> None:
    """Drop checkpoints of attempts that can be deleted. The caller holds the machines' locks."""
    query = (
        select(Attempt.task_id, Attempt.number)
        .join(Task, Task.id == Attempt.task_id)
        .where(_has_workspace, _is_removable, Attempt.forget_at <= now, Task.checkpoints != {})
        .where(Attempt.machine_id.in_(machine_ids))
    )
    found = db.session.execute(query).all()
    tasks = locks.lock_tasks({row.task_id for row in found})
    for task_id, number in found:
        if tasks[task_id].status in ENDED:  # and hasn't been retried meanwhile
            attempts.drop_checkpoints(tasks[task_id], number)
