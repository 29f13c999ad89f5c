"""A stage that never started hasn't failed: the task continues elsewhere."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.machine_health import REASON
from app.domain.task import EventType, FailureCode, TaskStatus
from app.domain.timestamps import to_rfc3339
from app.extensions import db
from app.models import Event
from app.services import locks
from app.services.clock import now
from app.services.dispatch import blockers, dispatcher
from app.services.tasks import attempts, returned_attempts
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, events_of, make_driven, make_live, status
from tests.app.services.tasks.stages_world import (
    CHECK,
    DEVELOP,
    Create,
    actor,
    create,
    machine,
)

__all__ = ["actor", "create", "machine"]

WORDS = "all 1000 user ids of 66000-66999 are taken"
UNHEALTHY = frames.Failed("worker_failed", WORDS, is_unhealthy=True)


def test_it_is_queued_again_and_costs_none_of_its_attempts(
    machine: FakeMachine, create: Create
) -> None:
    task = create()
    for number in range(1, 5):
        assert dispatcher.assign_queued() == 1
        machine.report_on(task, frames.Accepted(), UNHEALTHY)
        assert (status(task), task.attempt) == (TaskStatus.QUEUED, number)
        assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
        assert machine.row.slots_used == 0
        machine.hello()  # by which it is well
    assert EventType.MACHINE_LOST not in events_of(task)
    assert machine.orders() == []


def test_no_work_goes_to_the_machine_and_the_task_says_why(
    machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_on(task, frames.Accepted(), UNHEALTHY)
    assert dispatcher.assign_queued() == 0
    queue = blockers.queue_info(task)
    assert queue is not None
    [block] = queue["blocked_by"]
    assert (block.reason, block.detail) == ("capability_degraded", REASON)

    other = make_driven()
    assert dispatcher.assign_queued() == 1
    assert make_live(task).machine_id == other.machine_id


def test_why_is_told_in_the_history_of_its_own_task_alone(
    machine: FakeMachine, create: Create
) -> None:
    """Those may be the words of a repository that others do not know of."""
    task, other = create(), create()
    dispatcher.assign_queued()
    machine.report_on(task, frames.Accepted(), UNHEALTHY)
    event = db.session.scalars(db.select(Event).where(Event.type == EventType.REQUEUED)).one()
    assert event.task_id == task.id
    assert WORDS in event.message
    assert [each["reason"] for each in machine.row.capabilities] == [REASON]
    assert WORDS not in str(blockers.queue_info(other))


def test_the_second_time_keeps_work_away_as_the_first(machine: FakeMachine, create: Create) -> None:
    """A machine that is well again before it could say that it is not says nothing at all."""
    task = create()
    for _ in range(2):
        assert dispatcher.assign_queued() == 1
        machine.report_on(task, frames.Accepted(), UNHEALTHY)
        assert dispatcher.assign_queued() == 0
        _let_a_minute_pass(machine)


def test_a_machine_that_sends_another_hello_is_trusted_again(
    machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_on(task, frames.Accepted(), UNHEALTHY)
    machine.hello()
    assert dispatcher.assign_queued() == 1


def test_a_sandbox_that_could_not_be_made_after_all_is_no_failed_stage(
    machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_on(
        task, frames.Failed("start_failed", "EPERM room: bwrap: no", is_unhealthy=True)
    )
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert list(task.checkpoints) == ["0"]


def test_a_machine_that_is_well_each_time_it_is_asked_ends_it_at_last(
    machine: FakeMachine, create: Create
) -> None:
    """What goes wrong at each beginning, or is a lie, would come back for ever."""
    task = create()
    most = returned_attempts.MAX_RETURNS + task.project.max_attempts
    for number in range(1, most + 1):
        assert status(task) is TaskStatus.QUEUED
        assert dispatcher.assign_queued() == 1
        machine.report_started(task)
        machine.report_on(task, UNHEALTHY)
        is_counted = number > returned_attempts.MAX_RETURNS
        outcome = AttemptOutcome.LOST if is_counted else AttemptOutcome.HANDED_OVER
        assert (make_live(task).outcome, make_live(task).uncounted) == (outcome, not is_counted)
        machine.hello()
    assert status(task) is TaskStatus.FAILED
    assert (task.failure or {})["code"] == FailureCode.MACHINE_LOST
    assert WORDS in (task.failure or {})["message"]


def test_each_machine_is_counted_by_itself(machine: FakeMachine, create: Create) -> None:
    task = create()
    for _ in range(returned_attempts.MAX_RETURNS):
        dispatcher.assign_queued()
        machine.report_on(task, UNHEALTHY)
        machine.hello()
    machine.row.status = MachineStatus.DRAINED
    db.session.commit()
    other = make_driven()
    assert dispatcher.assign_queued() == 1
    other.report_on(task, UNHEALTHY)
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER


def test_a_stage_that_has_ended_is_not_run_again(machine: FakeMachine, create: Create) -> None:
    """The rest of its log is awaited."""
    task = create()
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_on(task, frames.StageFinished(stage_index=0, log_end=100, how="exit", code=0))
    machine.report_on(task, UNHEALTHY)
    assert status(task) is TaskStatus.FAILED


@pytest.mark.parametrize("stage", [0, 1])
def test_where_the_machine_has_the_only_copy_it_fails_in_its_words(
    machine: FakeMachine, create: Create, stage: int
) -> None:
    """Nobody else could go on, and what has been done would be done again."""
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_finished(task)  # without a checkpoint
    if stage:
        machine.report_started(task, 1)
    machine.report_on(task, UNHEALTHY)
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {"code": "worker_failed", "message": WORDS, "stageIndex": 1}
    assert not machine.row.capabilities[0]["healthy"]


@pytest.mark.parametrize(("checkpoint", "after"), [(True, "queued"), (False, "failed")])
def test_a_push_that_could_not_be_begun_is_the_next_attempt_s(
    machine: FakeMachine, create: Create, checkpoint: bool, after: str
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_started(task)
    if checkpoint:
        machine.report_checkpoint(task)
    machine.report_finished(task)
    assert make_live(task).phase is AttemptPhase.PUBLISH
    machine.report_on(task, UNHEALTHY)
    assert status(task) == after
    if checkpoint:
        assert attempts.current_stage_index(locks.lock_task(task.id)) == task.stage_index == 1


def _let_a_minute_pass(machine: FakeMachine) -> None:
    """As it is for the machine's agents, which it says nothing new of."""
    row, past = machine.row, to_rfc3339(now() - timedelta(seconds=1))
    row.capabilities = [each | {"degradedUntil": past} for each in row.capabilities]
    db.session.commit()


def test_a_machine_that_does_not_report_itself_unhealthy_fails_its_task(
    machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_on(task, frames.Accepted(), frames.Failed("worker_failed", WORDS))
    assert status(task) is TaskStatus.FAILED
    assert machine.row.capabilities[0]["healthy"]
