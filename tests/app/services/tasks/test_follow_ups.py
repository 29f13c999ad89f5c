"""A task continues from its work, once per follow-up, in order."""

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.errors import (
    Forbidden,
    InvalidFields,
    NoCheckpoint,
    NoOpenGate,
    NotFound,
    WrongRound,
)
from app.domain.follow_up import MAX_QUEUED, FollowUpStarted, FollowUpState, TooManyFollowUps
from app.domain.roles import SystemRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, FollowUp
from app.services import locks
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.tasks import attempts, follow_ups, gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    CHANGE,
    FakeMachine,
    events_of,
    latest_order,
    make_live,
    state,
    status,
    tree,
)
from tests.app.services.tasks.follow_ups_world import completed, do, states
from tests.app.services.tasks.stages_world import (
    CHECK,
    DEVELOP,
    Create,
    actor,
    at_the_gate,
    create,
    machine,
)
from tests.factories import make_developer, make_project, make_task

__all__ = ["actor", "create", "machine"]

QUEUED, STARTED = FollowUpState.QUEUED, FollowUpState.STARTED
GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)


def test_a_completed_task_continues(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task = completed(machine, create)
    made = follow_ups.create(actor, task.id, instruction="Faster.")
    assert (made.state, made.round, made.number) == (STARTED, 2, 1)
    assert status(task) is TaskStatus.QUEUED
    assert (task.round, task.stage_index, task.follow_up, task.result) == (2, 0, 1, None)
    dispatcher.assign_queued()
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/1"
    do(machine, task)
    assert status(task) is TaskStatus.COMPLETED
    assert events_of(task).count(EventType.FOLLOWED_UP) == 1


def test_it_may_begin_at_a_later_stage_and_goes_back_to_that_after_a_loss(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Check.", from_stage=1)
    dispatcher.assign_queued()
    assert (latest_order(task).stage_index, make_live(task).resume_from) == (
        1,
        f"refs/muster/{task.id}/1/1",
    )
    attempts.mark_lost(locks.lock_task(task.id), "gone", gone=True)
    db.session.commit()
    dispatcher.assign_queued()
    assert (latest_order(task).stage_index, make_live(task).resume_from) == (
        1,
        f"refs/muster/{task.id}/1/1",
    )


def test_when_the_checkpoints_are_gone_it_goes_on_from_the_branch(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    attempts.drop_checkpoints(task, 1)
    db.session.commit()
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    assert make_live(task).resume_from == f"refs/heads/muster/{task.id}-1"


def test_a_push_is_newer_than_its_refused_checkpoint(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    do(machine, task, commit="beef")
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    assert make_live(task).resume_from == f"refs/heads/muster/{task.id}-1"


def test_the_tasks_own_branch_is_gone_on_from_where_it_was_moved(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_finished(task)
    branch, moved = f"muster/{task.id}-1", frames.BranchMove(name=f"muster/{task.id}")
    machine.report_workspace(task, "c" * 40)
    machine.report_on(task, frames.Published(branch, "c" * 40, CHANGE, moved, tree(task)))
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    assert make_live(task).resume_from == f"refs/heads/muster/{task.id}"


def test_a_failed_round_is_tried_again_with_its_work_and_its_follow_up(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.report_started(task)
    machine.report_finished(task, code=1)
    attempts.drop_checkpoints(task, 1)
    db.session.commit()
    tasks.retry(actor, task.id)
    dispatcher.assign_queued()
    db.session.refresh(task)
    assert (task.round, task.follow_up) == (3, 1)
    assert make_live(task).resume_from == f"refs/heads/muster/{task.id}-1"


def test_at_a_gate_the_question_is_withdrawn_and_the_attempt_handed_over(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_the_gate(machine, create)
    follow_ups.create(actor, task.id, instruction="Not so.")
    assert status(task) is TaskStatus.QUEUED
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(actor, task.id, 1, "confirm")
    db.session.rollback()
    with pytest.raises(WrongRound):
        gates.confirm_stage(actor, task.id, 1, "confirm", round=1)
    db.session.rollback()
    dispatcher.assign_queued()
    db.session.refresh(task)
    assert task.attempt == 2
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert state(task) == GATE  # which is asked again
    assert gates.confirm_stage(actor, task.id, 1, "confirm").status is TaskStatus.ASSIGNED


def test_what_its_machine_has_lost_at_a_gate_goes_on_all_the_same(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_the_gate(machine, create)
    attempts.mark_lost(locks.lock_task(task.id), "gone", gone=True)
    db.session.commit()
    assert status(task) is TaskStatus.QUEUED
    assert follow_ups.create(actor, task.id, instruction="Not so.").state is STARTED


def test_a_stage_that_was_never_done_is_not_skipped(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    ship = {**CHECK, "name": "ship", "confirm": True}
    task = create([DEVELOP, {**CHECK, "confirm": True}, ship])
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    with pytest.raises(NoCheckpoint):
        follow_ups.create(actor, task.id, instruction="Ship it.", from_stage=2)
    db.session.rollback()
    with pytest.raises(InvalidFields):
        follow_ups.create(actor, task.id, instruction="Ship it.", from_stage=3)
    db.session.rollback()
    assert follow_ups.create(actor, task.id, instruction="Do.", from_stage=1).state is STARTED
    assert state(task) == GATE  # before the stage that it begins with


def test_without_any_work_there_is_nothing_to_go_on_from(actor: Developer, create: Create) -> None:
    task = create([{**DEVELOP, "confirm": True}])
    with pytest.raises(NoCheckpoint):
        follow_ups.create(actor, task.id, instruction="More.")
    db.session.rollback()
    assert states(task) == []


def test_a_running_task_is_followed_up_in_order_as_it_comes_to_rest(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, {**CHECK, "confirm": True}])
    dispatcher.assign_queued()
    machine.orders()
    for words in ("One.", "Two."):
        assert follow_ups.create(actor, task.id, instruction=words).state is QUEUED
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert states(task) == [("One.", STARTED, 2), ("Two.", QUEUED, None)]
    assert EventType.SUSPENDED not in events_of(task)  # nobody is asked about what is outdated
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert states(task) == [("One.", STARTED, 2), ("Two.", STARTED, 3)]
    assert task.follow_ups_queued == 0


def test_a_queued_one_starts_on_completion(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.orders()
    follow_ups.create(actor, task.id, instruction="More.")
    do(machine, task)
    assert status(task) is TaskStatus.QUEUED
    assert states(task) == [("More.", STARTED, 2)]


def test_after_a_failure_they_wait(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task = completed(machine, create)
    for words in ("One.", "Two."):
        follow_ups.create(actor, task.id, instruction=words)
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.orders()
    machine.report_started(task)
    machine.report_finished(task, code=1)
    follow_ups.sweep(now())
    assert status(task) is TaskStatus.FAILED
    assert states(task)[1] == ("Two.", QUEUED, None)
    assert follow_ups.create(actor, task.id, instruction="Three.").state is QUEUED
    assert [row[1] for row in states(task)] == [STARTED, STARTED, QUEUED]


def test_cancelling_withdraws_them(actor: Developer, machine: FakeMachine, create: Create) -> None:
    task = create()
    follow_ups.create(actor, task.id, instruction="More.")
    tasks.cancel(actor, task.id)
    assert states(task) == [("More.", FollowUpState.WITHDRAWN, None)]
    assert task.follow_ups_queued == 0


def test_one_that_is_queued_can_be_withdrawn_and_no_other(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    begun, waits = (
        follow_ups.create(actor, task.id, instruction=words).id for words in ("One.", "Two.")
    )
    for _ in range(2):
        follow_ups.withdraw(actor, task.id, waits)
    assert (states(task)[1][1], task.follow_ups_queued) == (FollowUpState.WITHDRAWN, 0)
    with pytest.raises(FollowUpStarted):
        follow_ups.withdraw(actor, task.id, begun)
    with pytest.raises(NotFound):
        follow_ups.withdraw(actor, create().id, waits)


def test_so_many_wait_and_no_more(actor: Developer, create: Create) -> None:
    task = create()
    for _ in range(MAX_QUEUED):
        follow_ups.create(actor, task.id, instruction="More.")
    with pytest.raises(TooManyFollowUps):
        follow_ups.create(actor, task.id, instruction="More.")


def test_members_follow_up_whoever_made_the_task_and_others_do_not(app: Flask) -> None:
    member, stranger, lead = (
        make_developer(),
        make_developer(),
        make_developer(role=SystemRole.LEAD),
    )
    task = make_task(project=make_project(members=[member]))
    assert follow_ups.create(member, task.id, instruction="More.").state is QUEUED
    with pytest.raises(NotFound):
        follow_ups.create(stranger, task.id, instruction="More.")
    with pytest.raises(Forbidden):
        follow_ups.create(lead, task.id, instruction="More.")


def test_the_sweep_begins_what_something_has_kept_waiting(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = completed(machine, create)
    db.session.add(
        FollowUp(
            task_id=task.id,
            number=1,
            state=QUEUED,
            instruction="More.",
            from_stage=0,
            created_by=actor.id,
            created_at=now(),
        )
    )
    task.follow_ups_queued = 1
    db.session.commit()
    assert follow_ups.sweep(now()) == 1
    assert states(task) == [("More.", STARTED, 2)]
    assert follow_ups.sweep(now()) == 0
