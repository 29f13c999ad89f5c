"""What tests of tasks' own branches share: a task at its push, and what its machine says."""

from typing import Any

import pytest

from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, latest_order, make_live, tree
from tests.app.services.tasks.stages_world import DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures

OURS, NEWER, THEIRS = "a" * 40, "b" * 40, "c" * 40
AT_GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)


def works(machine: FakeMachine, task: Task, commit: str = OURS) -> None:
    """Its one stage is done, and its work a checkpoint of that commit."""
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    ref = f"refs/muster/{task.id}/{task.attempt}/0"
    machine.report_on(task, frames.Checkpoint(stage_index=0, ref=ref, commit=commit))
    machine.report_finished(task)


@pytest.fixture
def task(machine: FakeMachine, create: Create) -> Task:
    """At its push."""
    made = create([DEVELOP])
    works(machine, made)
    assert machine.orders() == [(DesiredAction.PUBLISH, made.id, 0)]
    return made


def person(task: Task) -> Developer:
    return db.session.get_one(Developer, task.created_by)


def onto(task: Task) -> frames.TaskBranch | None:
    return orders.build_publish_order(latest_order(task)).onto


def refuse(
    machine: FakeMachine, task: Task, found: str | None, number: int = 0, **more: Any
) -> None:
    report = frames.BranchRefused(
        number, task.branch_name, make_live(task).pushed_commit or OURS, found, **more
    )
    machine.report_on(task, report)


def publish(
    machine: FakeMachine, task: Task, commit: str = OURS, attempt: int | None = None
) -> None:
    number = attempt or task.attempt
    machine.report_workspace(task, commit)
    move = frames.BranchMove(task.branch_name)
    report = frames.Published(
        f"muster/{task.id}-{number}", commit, frames.DiffStat(1), move, tree(task)
    )
    machine.report_on(task, report, attempt=number)


def answer(task: Task, result: str) -> None:
    gates.confirm_stage(person(task), task.id, 0, result)
