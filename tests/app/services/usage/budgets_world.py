"""Tasks with budgets, on a machine, for tests."""

from app.extensions import db
from app.models import Task
from app.services.dispatch import dispatcher
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine
from tests.app.services.tasks.stages_world import DEVELOP, Create

DIFF = frames.DiffStat(1, 2, 3)


def at_work(
    machine: FakeMachine, create: Create, *pipeline: dict[str, object], **budget: int
) -> Task:
    task = create(list(pipeline) or [DEVELOP], budget=budget)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def report_usage(
    machine: FakeMachine, task: Task, tokens: int, stage: int = 0, run: int = 0
) -> None:
    items = [frames.UsageItem("opus", input_tokens=tokens - 1, output_tokens=1)]
    machine.report_on(task, frames.Usage(stage, "claude", items, run))
    db.session.refresh(task)


def is_stopped(machine: FakeMachine, task: Task, run: int = 0) -> None:
    ref = f"refs/muster/{task.id}/1/0-partial"
    made = frames.Checkpoint(0, ref, "c0ffee", DIFF, run, partial=True)
    machine.report_on(task, made, frames.Suspended(0, 0, "budget", run=run))
