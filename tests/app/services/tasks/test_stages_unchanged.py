"""Tasks whose stages leave no difference: what is said of them, and where they fail for it."""

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.follow_up import FollowUpState
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Event, Task
from app.services.dispatch import dispatcher
from app.services.machines.orders import DesiredAction
from app.services.tasks import follow_ups, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import CHANGE, FakeMachine, events_of, make_live, status
from tests.app.services.tasks.stages_world import DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures

NOTHING = frames.DiffStat()


def at_its_end(
    machine: FakeMachine, create: Create, diff: frames.DiffStat | None, *, required: bool
) -> Task:
    """A task whose two stages are over, the last one's checkpoint with that diff."""
    task = create([DEVELOP, {**DEVELOP, "name": "again"}])
    task.project.require_change = required
    db.session.commit()
    dispatcher.assign_queued()
    machine.orders()
    for stage, left in enumerate((NOTHING, diff)):
        machine.report_started(task, stage)
        machine.report_checkpoint(task, stage, diff=left)
        machine.report_finished(task, stage)
    return task


def last(task: Task) -> Event:
    query = db.select(Event).where(Event.task_id == task.id).order_by(Event.number.desc())
    return db.session.scalars(query.limit(1)).one()


@pytest.mark.parametrize(
    ("diff", "message", "changed"),
    [
        (CHANGE, "completed", True),
        (NOTHING, "completed without changes", False),
    ],
)
def test_a_completed_task_says_whether_it_changed_anything(
    machine: FakeMachine, create: Create, diff: frames.DiffStat, message: str, changed: bool
) -> None:
    task = at_its_end(machine, create, diff, required=False)
    machine.report_published(task, diff=diff)
    assert status(task) is TaskStatus.COMPLETED
    event = last(task)
    assert (event.type, event.message, event.data) == (E.COMPLETED, message, {"changed": changed})


def test_where_a_change_is_required_nothing_is_pushed_that_changes_nothing(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_its_end(machine, create, NOTHING, required=True)
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {
        "code": "nothing_changed",
        "message": "the stages changed nothing, but the project requires a change",
        "stageIndex": 1,
    }
    none = {"filesChanged": 0, "insertions": 0, "deletions": 0}
    assert task.result == {"commit": "c0ffee", "pushed": False, **none}
    assert (DesiredAction.PUBLISH, task.id, 0) not in machine.orders()
    assert (make_live(task).outcome, machine.row.slots_used) == (AttemptOutcome.FAILED, 0)
    assert events_of(task)[-2:] == [E.STAGE_FINISHED, E.FAILED]
    again = tasks.retry(actor, task.id, 1)
    assert (again.status, again.result) == (TaskStatus.QUEUED, None)


def test_where_a_change_is_required_a_change_is_pushed(
    machine: FakeMachine, create: Create
) -> None:
    task = at_its_end(machine, create, CHANGE, required=True)
    assert machine.orders()[-1] == (DesiredAction.PUBLISH, task.id, 0)
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED


def test_what_is_known_only_after_the_push_fails_then(machine: FakeMachine, create: Create) -> None:
    task = at_its_end(machine, create, None, required=True)
    assert machine.orders()[-1] == (DesiredAction.PUBLISH, task.id, 0)
    machine.report_published(task, diff=NOTHING)
    assert status(task) is TaskStatus.FAILED
    assert (task.failure["code"], task.failure["stageIndex"]) == ("nothing_changed", 1)
    assert task.result["pushed"] is True
    assert (make_live(task).outcome, machine.row.slots_used) == (AttemptOutcome.PUBLISHED, 0)
    assert events_of(task)[-2:] == [E.PUBLISHED, E.FAILED]


def test_what_follows_a_task_that_failed_so_late_waits_for_a_person(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_its_end(machine, create, None, required=True)
    queued = follow_ups.create(actor, task.id, instruction="Try another way.")
    machine.report_published(task, diff=NOTHING)
    assert status(task) is TaskStatus.FAILED
    db.session.refresh(queued)
    assert queued.state is FollowUpState.QUEUED
