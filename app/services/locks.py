"""Row locks, always in one order: machines, then tasks, each in ID order.

An action that starts from a task reads it without a lock, locks its machine and the task, and reads
it again.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.domain.errors import NotFound
from app.extensions import db
from app.models import Attempt, Machine, Task


@dataclass(frozen=True)
class LockedTask:
    """A locked task, its latest attempt, and the locked machine of that attempt."""

    task: Task
    attempt: Attempt | None
    machine: Machine | None

    @property
    def live(self) -> Attempt | None:
        """Return the attempt, if it hasn't ended."""
        return self.attempt if self.attempt and self.attempt.ended_at is None else None


def lock_machine(machine_id: uuid.UUID) -> Machine | None:
    return next(iter(lock_machines([machine_id])), None)


def lock_machines(machine_ids: Iterable[uuid.UUID]) -> list[Machine]:
    """Lock these machines, and return them in ID order.

    The lock is FOR NO KEY UPDATE, so that rows that refer to a machine can be written meanwhile.
    """
    query = (
        select(Machine)
        .where(Machine.id.in_(set(machine_ids)))
        .order_by(Machine.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def lock_tasks(task_ids: Collection[int]) -> dict[int, Task]:
    """Lock these tasks, and return them by ID, with their projects loaded."""
    if not task_ids:
        return {}
    query = (
        select(Task)
        .where(Task.id.in_(set(task_ids)))
        .order_by(Task.id)
        .options(joinedload(Task.project))
        .with_for_update(of=Task, key_share=True)
        .execution_options(populate_existing=True)
    )
    return {task.id: task for task in db.session.scalars(query)}


def lock_task_and_machine(task_id: int) -> LockedTask:
    """Lock a task and the machine of its latest attempt. Raises NotFound."""
    while True:
        machine_id = db.session.scalar(select(Task.machine_id).where(Task.id == task_id))
        locked_machine = next(iter(lock_machines([machine_id])), None) if machine_id else None
        task = lock_tasks([task_id]).get(task_id)
        if task is None:
            raise NotFound
        if task.machine_id == machine_id:
            return LockedTask(task, latest_attempt(task), locked_machine)
        db.session.rollback()  # the task moved to another machine meanwhile: lock again, in order


def latest_attempt(task: Task) -> Attempt | None:
    if task.attempt == 0:
        return None
    return db.session.get(Attempt, (task.id, task.attempt), populate_existing=True)
