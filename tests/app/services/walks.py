"""Random walks through everything that can happen to tasks."""

import random
import uuid
from contextlib import suppress
from datetime import timedelta

import sqlalchemy as sa

from app.domain.errors import DomainError
from app.domain.roles import SystemRole
from app.domain.task import ENDED, TaskStatus
from app.extensions import db
from app.models import Task
from app.services.clock import now
from app.services.counters import task_counts
from app.services.dispatch import dispatcher
from app.services.machines import liveness
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven
from tests.factories import make_developer, make_project

STAGES = [
    {"name": "one", "command": "x", "kind": "shell", "timeout": 60},
    {"name": "two", "command": "x", "kind": "shell", "timeout": 60, "confirm": True},
]
PIPELINES = (STAGES, STAGES[:1], STAGES[:1], STAGES[1:])


class Walk:
    """A random sequence of acts of people, machines and sweeps on tasks."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.admin = make_developer(role=SystemRole.ADMIN)
        self.projects = [make_project(pipeline=pipeline) for pipeline in PIPELINES]
        # The ids are given, because the dispatcher's choice depends on them and must be repeatable.
        self.machines = [make_driven(slots=30, id=uuid.UUID(int=n)) for n in (1, 2)]
        often = (self.create, self.dispatch, *3 * (self.work,))
        seldom = (self.answer, self.cancel, self.retry, self.silence, self.raw, self.fold)
        self.acts = 2 * often + seldom
        self._ended: dict[TaskStatus, set[int]] = {
            TaskStatus.COMPLETED: set(),
            TaskStatus.FAILED: set(),
        }

    def step(self) -> None:
        act = self.chance.choice(self.acts)
        before = self.statuses()
        with suppress(DomainError):
            act()
        db.session.rollback()
        after = self.statuses()
        for status, ended in self._ended.items():
            ended |= {id_ for id_ in after if after[id_] is status is not before.get(id_)}

    @property
    def ends(self) -> dict[TaskStatus, int]:
        """How many tasks have completed, and how many have failed, each counted once."""
        return {status: len(ended) for status, ended in self._ended.items()}

    def statuses(self) -> dict[int, TaskStatus]:
        rows = db.session.execute(sa.select(Task.id, Task.status))
        return {row.id: row.status for row in rows}

    def any_task(self, *statuses: TaskStatus) -> Task:
        query = sa.select(Task).where(Task.status.in_(statuses)) if statuses else sa.select(Task)
        query = query.execution_options(populate_existing=True)
        found = db.session.scalars(query.order_by(Task.id)).all()
        if not found:
            raise DomainError
        return self.chance.choice(found)

    def create(self) -> None:
        key = self.chance.choice(self.projects).key
        tasks.create(self.admin, project_key=key, description="Do it.")

    def dispatch(self) -> None:
        dispatcher.assign_queued()

    def work(self) -> None:
        task = self.any_task(TaskStatus.ASSIGNED, TaskStatus.RUNNING)
        machine = next(m for m in self.machines if m.machine_id == task.machine_id)
        if task.status is TaskStatus.ASSIGNED:
            machine.report_started(task, task.stage_index)
        elif self.chance.random() < 0.3:
            machine.report_on(task, frames.Failed(code="git", message="no"))
        else:
            self.finish(machine, task)

    def finish(self, machine: FakeMachine, task: Task) -> None:
        machine.report_checkpoint(task, task.stage_index)
        machine.report_finished(task, task.stage_index, code=self.chance.choice((0, 0, 0, 1)))
        if task.stage_index == len(task.pipeline) - 1:
            machine.report_published(task)

    def answer(self) -> None:
        task = self.any_task(TaskStatus.SUSPENDED)
        result = self.chance.choice(("confirm", "confirm", "reject"))
        gates.confirm_stage(self.admin, task.id, task.stage_index, result)

    def cancel(self) -> None:
        tasks.cancel(self.admin, self.any_task().id)

    def retry(self) -> None:
        tasks.retry(self.admin, self.any_task(*ENDED).id)

    def silence(self) -> None:
        """Both machines' heartbeats stop. They come back with nothing, or before their leases
        end.
        """
        later = now() + timedelta(minutes=1)
        liveness.detect_silent(later)
        if self.chance.random() < 0.5:
            liveness.expire_leases(later + timedelta(hours=1))
        for machine in self.machines:
            machine.hello()

    def raw(self) -> None:
        """Change a task by a statement that no service makes."""
        task = self.any_task(*ENDED)
        statement = self.chance.choice(
            (
                sa.delete(Task).where(Task.id == task.id),
                sa.update(Task).where(Task.id == task.id).values(status=TaskStatus.CANCELLED),
                sa.update(Task).values(priority=1),
            )
        )
        db.session.execute(statement)
        db.session.commit()

    def fold(self) -> None:
        task_counts.roll_up(now())
