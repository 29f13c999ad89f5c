"""What tests of follow-ups share: tasks that are done, and what became of what people said."""

from typing import Any

from app.domain.follow_up import FollowUpState
from app.extensions import db
from app.models import FollowUp, Task
from app.services.dispatch import dispatcher
from muster.protocol import frames
from tests.app.services.fake_machine import CHANGE, FakeMachine, tree
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create


def completed(machine: FakeMachine, create: Create, **fields: Any) -> Task:
    """A task of two stages that is done and pushed."""
    task = create([DEVELOP, CHECK], **fields)
    dispatcher.assign_queued()
    do(machine, task)
    return task


def do(machine: FakeMachine, task: Task, *, commit: str = "c0ffee") -> None:
    """The machine carries out both stages, and pushes; the last one's checkpoint is refused where
    it is of another commit."""
    db.session.refresh(task)
    machine.orders()
    for index in range(2):
        machine.report_started(task, index)
        if index == 0 or commit == "c0ffee":
            machine.report_checkpoint(task, index)
        machine.report_finished(task, index)
    branch = f"muster/{task.id}-{task.attempt}"
    machine.report_workspace(task, commit)
    machine.report_on(task, frames.Published(branch, commit, CHANGE, tree=tree(task)))


def states(task: Task) -> list[tuple[str, FollowUpState, int | None]]:
    query = db.select(FollowUp).where(FollowUp.task_id == task.id).order_by(FollowUp.number)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return [(row.instruction, row.state, row.round) for row in rows]
