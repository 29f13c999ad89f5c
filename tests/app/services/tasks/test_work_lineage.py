"""What is published is in one line with what people approved, or the task fails."""

import pytest

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Gate, OutboxEntry, Task
from app.services.dispatch import dispatcher
from app.services.evidence import decisions
from app.services.machines import orders
from app.services.tasks import gates
from muster.protocol import frames
from tests.app.services.fake_machine import (
    CHANGE,
    FakeMachine,
    latest_order,
    make_driven,
    make_live,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import (
    CHECK,
    DEVELOP,
    Create,
    actor,
    create,
    machine,
)

__all__ = ["actor", "create", "machine"]

CODE = "not_what_was_approved"
APPROVED = frames.Revision("a" * 40, "1" * 40)
BASE = frames.Revision("0" * 40, "3" * 40)
OTHER = frames.Revision("b" * 40, "2" * 40)


def checkpoint(
    task: Task, stage: int, made: frames.Revision, follows: frames.Revision | None = BASE
) -> frames.Checkpoint:
    ref = f"refs/muster/{task.id}/{task.attempt}/{stage}"
    return frames.Checkpoint(stage, ref, made.commit, CHANGE, tree=made.tree, follows=follows)


def failed_code(task: Task) -> str | None:
    db.session.refresh(task)
    return (task.failure or {}).get("code") if task.status is TaskStatus.FAILED else None


def published(task: Task, made: frames.Revision) -> frames.Published:
    move = frames.BranchMove(task.branch_name)
    return frames.Published(str(task.branch), made.commit, CHANGE, move, made.tree)


@pytest.fixture
def task(actor: Developer, machine: FakeMachine, create: Create) -> Task:
    """Its second stage runs; the first one's result is approved."""
    made = create([DEVELOP, {**CHECK, "confirm": True}])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(made)
    machine.report_on(made, checkpoint(made, 0, APPROVED))
    machine.report_finished(made)
    gates.confirm_stage(actor, made.id, 1, "confirm")
    machine.orders()
    machine.report_started(made, 1)
    return made


def test_an_answer_is_kept_with_the_revision_that_it_is_about(task: Task) -> None:
    gate = db.session.scalars(db.select(Gate).where(Gate.task_id == task.id)).one()
    assert gate.approved == {"commit": APPROVED.commit, "tree": APPROVED.tree}
    [question] = decisions.list_decisions(task.id)
    assert question["approved"] == gate.approved
    gate.approved = None
    assert "approved" not in next(decisions.list_decisions(task.id)), "if nothing is known"


def test_what_goes_on_in_line_is_published(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, checkpoint(task, 1, OTHER, APPROVED))
    machine.report_finished(task, 1)
    order = orders.build_publish_order(latest_order(task))
    assert (order.commit, order.announce) == (OTHER.commit, False)
    assert order.onto == frames.TaskBranch(task.branch_name)
    machine.report_on(task, published(task, OTHER))
    assert (status(task), task.branch_commit) == (TaskStatus.COMPLETED, OTHER.commit)


@pytest.mark.parametrize(
    "follows", [OTHER, frames.Revision(APPROVED.commit, OTHER.tree), None], ids=str
)
def test_a_checkpoint_that_does_not_follow_what_was_approved_fails_the_task(
    machine: FakeMachine, task: Task, follows: frames.Revision | None
) -> None:
    batch = [machine.report(task.id, 1, checkpoint(task, 1, OTHER, follows))]
    machine.apply(batch)
    assert failed_code(task) == CODE
    assert task.checkpoints.keys() == {"0"}
    query = db.select(OutboxEntry).where(OutboxEntry.task_id == task.id)
    assert any(
        "deviated from the approved work" in entry.message for entry in db.session.scalars(query)
    )


@pytest.mark.parametrize(
    "pushed", [APPROVED, frames.Revision(OTHER.commit, APPROVED.tree)], ids=["commit", "tree"]
)
def test_another_commit_than_the_last_one_is_not_completed_and_moves_no_branch(
    machine: FakeMachine, task: Task, pushed: frames.Revision
) -> None:
    machine.report_on(task, checkpoint(task, 1, OTHER, APPROVED))
    machine.report_finished(task, 1)
    machine.report_on(task, published(task, pushed))
    assert failed_code(task) == CODE
    assert (task.branch_commit, task.result) == (None, None)


def test_where_no_checkpoint_was_made_the_branch_is_moved_after_the_machine_has_told(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_finished(task, 1)
    order = orders.build_publish_order(latest_order(task))
    assert (order.commit, order.onto, order.announce) == (None, None, True)
    machine.report_on(task, frames.PublishPreview(0, OTHER.commit, OTHER.tree, APPROVED))
    order = orders.build_publish_order(latest_order(task))
    assert (order.commit, order.number, order.announce) == (OTHER.commit, 1, False)
    assert order.onto == frames.TaskBranch(task.branch_name)
    machine.report_on(task, published(task, OTHER))
    assert status(task) is TaskStatus.COMPLETED


def test_what_was_never_told_is_not_published(machine: FakeMachine, task: Task) -> None:
    machine.report_finished(task, 1)
    machine.report_on(task, published(task, OTHER))
    assert failed_code(task) == CODE


def test_what_would_be_pushed_and_follows_nothing_that_is_known_fails_the_task(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_finished(task, 1)
    machine.report_on(task, frames.PublishPreview(0, OTHER.commit, OTHER.tree, OTHER))
    assert failed_code(task) == CODE


def elsewhere(machine: FakeMachine) -> FakeMachine:
    """Another machine, which begins what the first one has left."""
    machine.hello()  # without it
    other = make_driven()
    machine.row.connected = False
    db.session.commit()
    dispatcher.assign_queued()
    return other


@pytest.mark.parametrize("made", [APPROVED, OTHER], ids=["the same", "another"])
def test_an_attempt_in_which_no_stage_has_run_publishes_what_it_began_with(
    actor: Developer, machine: FakeMachine, create: Create, made: frames.Revision
) -> None:
    task = create([DEVELOP])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_on(task, checkpoint(task, 0, APPROVED))
    machine.report_finished(task)
    other = elsewhere(machine)
    order = orders.build_publish_order(latest_order(task))
    assert (order.announce, order.repo and order.repo.resume_commit) == (True, APPROVED.commit)
    other.report_on(task, frames.Accepted())
    other.report_on(task, frames.PublishPreview(0, made.commit, made.tree, APPROVED))
    assert failed_code(task) == (None if made is APPROVED else CODE)


def test_a_branch_is_not_ordered_to_a_commit_that_was_not_checked(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_finished(task, 1)
    machine.report_on(task, frames.BranchRefused(0, task.branch_name, OTHER.commit, "f" * 40))
    assert (status(task), make_live(task).pushed_commit) == (TaskStatus.RUNNING, None)
    assert orders.build_publish_order(latest_order(task)).onto is None
    assert "ignored " in warnings_of(task)[-1]
