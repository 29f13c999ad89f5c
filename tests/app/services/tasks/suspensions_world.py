"""What tests of stages that are stopped in their middle share."""

from datetime import datetime, timedelta

from app.models import Task
from app.services.dispatch import dispatcher
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_live
from tests.app.services.tasks.stages_world import DEVELOP, Create

HOUR = timedelta(hours=1)


def partial_ref(task: Task, stage: int = 0) -> str:
    return f"refs/muster/{task.id}/{task.attempt}/{stage}-partial"


def is_stopped(
    machine: FakeMachine,
    task: Task,
    reason: frames.SuspendedBy = "quota",
    *,
    resets_at: datetime | None = None,
    stage: int = 0,
    run: int = 0,
    checkpoint: bool = True,
) -> None:
    """The machine reports that the stage was stopped in its middle."""
    at = None if resets_at is None else int(resets_at.timestamp() * 1000)
    ref = partial_ref(task, stage)
    made = frames.Checkpoint(stage, ref, "c0ffee", run=run, partial=True)
    ended = frames.Suspended(stage, make_live(task).log_bytes, reason, "spent", at, run)
    machine.report_on(task, *([made] if checkpoint else []), ended)


def running(machine: FakeMachine, create: Create, *pipeline: dict[str, object]) -> Task:
    task = create(list(pipeline) or [DEVELOP])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task
