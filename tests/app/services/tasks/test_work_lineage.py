"""What is published is in one line with what people approved, or the task fails."""

import pytest

from app.domain.attempt import AttemptOutcome
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
    move = frames.BranchMove(task.task_branch)
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
    assert "approved" not in next(decisions.list_decisions(task.id)), "as in bundles of before"


def test_what_goes_on_in_line_is_published(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, checkpoint(task, 1, OTHER, APPROVED))
    machine.report_finished(task, 1)
    order = orders.build_publish_order(latest_order(task))
    assert (order.commit, order.announce) == (OTHER.commit, False)
    assert order.onto == frames.TaskBranch(task.task_branch)
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
    assert order.onto == frames.TaskBranch(task.task_branch)
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


def test_a_worker_that_tells_of_no_line_is_held_to_its_last_checkpoint(
    machine: FakeMachine, task: Task
) -> None:
    make_live(task).work = None
    db.session.commit()
    machine.report_on(task, checkpoint(task, 1, OTHER, OTHER))
    machine.report_finished(task, 1)
    machine.report_on(task, published(task, APPROVED))
    assert failed_code(task) == CODE


def test_a_worker_that_cannot_tell_publishes_where_nobody_has_approved_anything(
    machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    machine.row.checks_commits = False
    db.session.commit()
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_finished(task)
    order = orders.build_publish_order(latest_order(task))
    assert (order.commit, order.onto, order.announce) == (None, None, False)
    machine.report_on(task, frames.Published(str(task.branch), OTHER.commit, CHANGE))
    assert status(task) is TaskStatus.COMPLETED


@pytest.fixture
def pushed_by_old_order(machine: FakeMachine, task: Task) -> FakeMachine:
    """A machine that pushes by an order of a server of before, which noted no commit for it."""
    machine.report_on(task, checkpoint(task, 1, OTHER, APPROVED))
    machine.report_finished(task, 1)
    other = elsewhere(machine)
    db.session.refresh(task)
    make_live(task).work = None
    other.row.checks_commits = False
    other.report_on(task, frames.Accepted())
    return other


@pytest.mark.parametrize("pushed", [OTHER, APPROVED], ids=["the checkpoint", "another"])
def test_a_push_that_was_ordered_before_the_upgrade_is_held_to_the_checkpoint(
    pushed_by_old_order: FakeMachine, task: Task, pushed: frames.Revision
) -> None:
    move = frames.BranchMove(task.task_branch)
    report = frames.Published(str(task.branch), pushed.commit, CHANGE, move)
    pushed_by_old_order.report_on(task, report)
    assert failed_code(task) == (None if pushed is OTHER else CODE)
    assert task.branch_commit == (OTHER.commit if pushed is OTHER else None)


@pytest.mark.parametrize("pushed", [OTHER, APPROVED], ids=["the checkpoint", "another"])
def test_and_so_is_one_that_could_not_move_the_tasks_branch(
    pushed_by_old_order: FakeMachine, task: Task, pushed: frames.Revision
) -> None:
    found = frames.BranchRefused(0, task.task_branch, pushed.commit, "f" * 40)
    pushed_by_old_order.report_on(task, found)
    assert failed_code(task) == (None if pushed is OTHER else CODE)
    assert make_live(task).pushed_commit == (OTHER.commit if pushed is OTHER else None)


@pytest.mark.parametrize("made", [OTHER, APPROVED], ids=["the checkpoint", "another"])
def test_and_so_is_one_that_is_announced_after_the_upgrade(
    pushed_by_old_order: FakeMachine, task: Task, made: frames.Revision
) -> None:
    preview = frames.PublishPreview(0, made.commit, made.tree, made)
    pushed_by_old_order.report_on(task, preview)
    assert failed_code(task) == (None if made is OTHER else CODE)


def test_a_branch_is_not_ordered_to_a_commit_that_was_not_checked(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_finished(task, 1)
    machine.report_on(task, frames.BranchRefused(0, task.task_branch, OTHER.commit, "f" * 40))
    assert (status(task), make_live(task).pushed_commit) == (TaskStatus.RUNNING, None)
    assert orders.build_publish_order(latest_order(task)).onto is None
    assert "ignored " in warnings_of(task)[-1]


def test_a_checkpoint_of_a_worker_that_has_gone_back_a_release_is_made_again_elsewhere(
    machine: FakeMachine, task: Task
) -> None:
    machine.row.checks_commits = False
    machine.apply([machine.report(task.id, 1, checkpoint(task, 1, OTHER, None))])
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert task.checkpoints.keys() == {"0"}
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    dispatcher.assign_queued()
    assert status(task) is TaskStatus.QUEUED, "that machine cannot go on with it"


def test_what_such_a_worker_pushes_unannounced_is_pushed_again_elsewhere(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_finished(task, 1)
    machine.row.checks_commits = False
    machine.report_on(task, frames.Published(str(task.branch), OTHER.commit, CHANGE))
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert (task.result, machine.row.slots_used) == (None, 0)


def test_what_it_pushes_by_an_order_with_a_commit_is_published(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, checkpoint(task, 1, OTHER, APPROVED))
    machine.report_finished(task, 1)
    machine.row.checks_commits = False
    machine.report_on(task, frames.Published(str(task.branch), OTHER.commit, CHANGE))
    assert status(task) is TaskStatus.COMPLETED
