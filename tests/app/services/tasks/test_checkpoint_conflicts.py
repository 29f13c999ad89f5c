"""Work that was changed outside Muster: people choose, and nothing resumes from it."""

from app.domain.attempt import AttemptOutcome
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Task
from app.services.dispatch import dispatcher
from app.services.machines.orders import DesiredAction
from app.services.tasks import follow_ups, gates
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_live, state, status
from tests.app.services.tasks.follow_ups_world import completed
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]

AT_GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)
MOVED = frames.Failed("checkpoint_moved", "refs/muster/1/1/0 names another commit")


def moved(machine: FakeMachine, create: Create) -> tuple[Task, FakeMachine]:
    """An approved task on another machine, which finds another commit."""
    task = create([DEVELOP, {**CHECK, "confirm": True}])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.row.status = "offline"
    db.session.commit()
    other = make_driven()
    gates.confirm_stage(db.session.get_one(Developer, task.created_by), task.id, 1, "confirm")
    dispatcher.assign_queued()
    assert other.orders() == [(DesiredAction.RUN, task.id, 1)]
    other.report_on(task, frames.Accepted(), MOVED)
    return task, other


def test_nothing_is_done_and_the_task_shows_it(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task, other = moved(machine, create)
    assert state(task) == AT_GATE
    pending = gates.get_pending(actor, task.id)
    assert (pending.kind, pending.choices) == ("checkpoint", ["resume", "end"])
    assert "changed outside Muster: refs/muster/1/1/0" in pending.prompt
    assert (make_live(task).outcome, other.row.slots_used) == (AttemptOutcome.HANDED_OVER, 0)
    assert dispatcher.assign_queued() == 0


def test_resumed_from_the_checkpoint_before_it_is_approved_anew(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task, other = moved(machine, create)
    gates.confirm_stage(actor, task.id, 1, "resume")
    assert dispatcher.assign_queued() == 1
    assert other.orders() == [(DesiredAction.RUN, task.id, 0)]
    assert make_live(task).resume_from is None
    db.session.refresh(task)
    other.report_started(task)
    other.report_checkpoint(task)
    other.report_finished(task)
    assert state(task) == AT_GATE, "the answer was about work that is done again"
    assert gates.get_pending(actor, task.id).kind == "confirm"


def test_it_may_end_there(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task, _ = moved(machine, create)
    gates.confirm_stage(actor, task.id, 1, "end")
    assert status(task) is TaskStatus.CANCELLED
    asked = db.session.scalars(db.select(Gate).where(Gate.kind == "checkpoint")).one()
    assert asked.approved is None


def test_a_follow_up_whose_work_is_gone_has_nothing_to_go_back_to(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.report_on(task, frames.Accepted(), frames.Failed("checkpoint_missing", "it is gone"))
    assert state(task) == AT_GATE
    assert gates.get_pending(actor, task.id).choices == ["end"]


def test_where_the_middle_of_a_stage_was_changed_it_begins_anew(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    ref = f"refs/muster/{task.id}/1/0-partial"
    task.partial = {"stageIndex": 0, "ref": ref, "commit": "c0ffee"}
    db.session.commit()
    dispatcher.assign_queued()
    machine.orders()
    machine.report_on(task, frames.Accepted(), MOVED)
    gates.confirm_stage(actor, task.id, 0, "resume")
    dispatcher.assign_queued()
    assert (task.partial, make_live(task).resume_from) == (None, None)
