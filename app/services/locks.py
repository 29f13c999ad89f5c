"""Row locks, always in one order: machines, then tasks, each in ID order.

An action that starts from a task reads it without a lock, locks its machine and the task, and reads
it again.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.base import ExecutableOption

from app import wakeups
from app.domain.errors import NotFound
from app.extensions import db
from app.models import Attempt, Machine, Task
from app.services import clock


@dataclass(frozen=True)
class LockedTask:
    """A locked task, one of its attempts, and that attempt's machine, which is locked too.

    The attempt is the latest one, or the one that its machine reports about. Only a task that was
    never assigned has no `assignment`: then just the task is locked. `now` is the time to record.
    """

    task: Task
    now: datetime
    assignment: tuple[Attempt, Machine] | None

    @property
    def attempt(self) -> Attempt:
        assert self.assignment is not None
        return self.assignment[0]

    @property
    def machine(self) -> Machine:
        assert self.assignment is not None
        return self.assignment[1]

    @property
    def has_live_attempt(self) -> bool:
        return self.assignment is not None and self.attempt.ended_at is None

    def wake_machine(self) -> None:
        """Wake the machine, if there is one, after the commit."""
        if self.assignment is not None:
            wakeups.wake_machines([self.machine.id])


def lock_machine(machine_id: uuid.UUID) -> Machine | None:
    return next(iter(lock_machines([machine_id])), None)


def lock_machines(machine_ids: Iterable[uuid.UUID]) -> list[Machine]:
    """Lock these machines, and return them in ID order.

    The lock is FOR NO KEY UPDATE, so that rows that refer to a machine can be written meanwhile.
    """
    if not (wanted := set(machine_ids)):
        return []
    query = (
        select(Machine)
        .where(Machine.id.in_(wanted))
        .order_by(Machine.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def lock_tasks(task_ids: Collection[int], *more: ExecutableOption) -> dict[int, Task]:
    """Lock these tasks, and return them by ID, with their projects, and `more`, loaded."""
    if not task_ids:
        return {}
    query = (
        select(Task)
        .where(Task.id.in_(set(task_ids)))
        .order_by(Task.id)
        .options(joinedload(Task.project), *more)
        .with_for_update(of=Task, key_share=True)
        .execution_options(populate_existing=True)
    )
    return {task.id: task for task in db.session.scalars(query)}


def lock_task(task_id: int, now: datetime | None = None) -> LockedTask:
    """Lock a task, and the machine of its latest attempt. `now` is by default the time when both
    are locked. Raises NotFound.
    """
    machine_id = db.session.scalar(select(Task.machine_id).where(Task.id == task_id))
    return _lock_task(task_id, machine_id, now)


def lock_loaded_task(task: Task) -> LockedTask:
    """Lock a task that was read without a lock, as in `lock_task`. It's the same object, and all
    that `tasks.queries.get` loads is read again.
    """
    return _lock_task(task.id, task.machine_id, None)


def _lock_task(task_id: int, machine_id: uuid.UUID | None, now: datetime | None) -> LockedTask:
    machines = {each.id: each for each in lock_machines([machine_id] if machine_id else [])}
    names = joinedload(Task.creator, innerjoin=True), joinedload(Task.machine)
    task = lock_tasks([task_id], *names).get(task_id)
    if task is None:
        raise NotFound
    if task.machine_id != machine_id:  # it has moved to another machine meanwhile
        db.session.rollback()
        return lock_task(task_id, now)
    return LockedTask(task, now or clock.now(), _latest_assignment(task, machines))


def lock_waiting_tasks(
    places: Collection[tuple[uuid.UUID, int]], now: datetime
) -> list[LockedTask]:
    """Lock these machines, and tasks that wait there, by the IDs of both."""
    machines = {each.id: each for each in lock_machines(machine_id for machine_id, _ in places)}
    tasks = lock_tasks([task_id for _, task_id in places])
    return [LockedTask(task, now, _latest_assignment(task, machines)) for task in tasks.values()]


def lock_attempts(machine: Machine, attempts: Iterable[Attempt], now: datetime) -> list[LockedTask]:
    """Lock the tasks of attempts on a locked machine."""
    found = sorted(attempts, key=lambda attempt: (attempt.task_id, attempt.number))
    tasks = lock_tasks({attempt.task_id for attempt in found})
    return [LockedTask(tasks[each.task_id], now, (each, machine)) for each in found]


def lock_live_attempts(machine: Machine, now: datetime) -> list[LockedTask]:
    """Lock the tasks of all live attempts on a locked machine."""
    return lock_attempts(machine, live_attempts_on(machine.id), now)


def live_attempts_on(machine_id: uuid.UUID) -> list[Attempt]:
    """Return the machine's live attempts. None is added or ends while its lock is held."""
    query = (
        select(Attempt)
        .where(Attempt.machine_id == machine_id, Attempt.ended_at.is_(None))
        .order_by(Attempt.task_id)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def latest_attempt(task: Task) -> Attempt | None:
    if task.attempt == 0:
        return None
    return db.session.get(Attempt, (task.id, task.attempt), populate_existing=True)


def _latest_assignment(
    task: Task, machines: Mapping[uuid.UUID, Machine]
) -> tuple[Attempt, Machine] | None:
    attempt = latest_attempt(task)
    machine = machines.get(attempt.machine_id) if attempt else None
    return (attempt, machine) if attempt and machine else None
