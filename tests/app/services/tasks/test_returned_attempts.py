"""A stage that never began is no failed stage: what a machine could not begin goes on elsewhere."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.machine import MachineStatus
from app.domain.machine_health import WHY
from app.domain.task import EventType, FailureCode, TaskStatus
from app.domain.timestamps import written
from app.extensions import db
from app.models import Event
from app.services.clock import now
from app.services.dispatch import dispatcher, wait_reasons
from app.services.tasks import attempts, returned_attempts
from muster.protocol import frames
from tests.app.services.fake_machine import Driven, events_of, live, make_driven, status
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
UNWELL = frames.Failed("worker_failed", WORDS, unwell=True)


def test_it_is_queued_again_and_costs_none_of_its_attempts(machine: Driven, create: Create) -> None:
    task = create()
    for number in range(1, 5):
        assert dispatcher.assign_queued() == 1
        machine.say(task, frames.Accepted(), UNWELL)
        assert (status(task), task.attempt) == (TaskStatus.QUEUED, number)
        assert live(task).outcome is AttemptOutcome.HANDED_OVER
        assert machine.row.slots_used == 0
        machine.hello()  # by which it is well
    assert EventType.MACHINE_LOST not in events_of(task)
    assert machine.orders() == []


def test_no_work_goes_to_the_machine_and_the_task_says_why(machine: Driven, create: Create) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.say(task, frames.Accepted(), UNWELL)
    assert dispatcher.assign_queued() == 0
    queue = wait_reasons.queue_of(task)
    assert queue is not None
    [block] = queue["blocked_by"]
    assert (block["reason"], block["says"]) == ("capability_degraded", WHY)

    other = make_driven()
    assert dispatcher.assign_queued() == 1
    assert live(task).machine_id == other.machine_id


def test_why_is_told_in_the_history_of_its_own_task_alone(machine: Driven, create: Create) -> None:
    """Those may be the words of a repository that others do not know of."""
    task, other = create(), create()
    dispatcher.assign_queued()
    machine.say(task, frames.Accepted(), UNWELL)
    event = db.session.scalars(db.select(Event).where(Event.type == EventType.REQUEUED)).one()
    assert event.task_id == task.id
    assert WORDS in event.message
    assert [each["reason"] for each in machine.row.capabilities] == [WHY]
    assert WORDS not in str(wait_reasons.queue_of(other))


def test_the_second_time_keeps_work_away_as_the_first(machine: Driven, create: Create) -> None:
    """A machine that is well again before it could say that it is not says nothing at all."""
    task = create()
    for _ in range(2):
        assert dispatcher.assign_queued() == 1
        machine.say(task, frames.Accepted(), UNWELL)
        assert dispatcher.assign_queued() == 0
        _let_a_minute_pass(machine)


def test_a_machine_that_says_more_is_believed(machine: Driven, create: Create) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.say(task, frames.Accepted(), UNWELL)
    machine.hello()
    assert dispatcher.assign_queued() == 1


def test_a_room_that_could_not_be_made_after_all_is_no_failed_stage(
    machine: Driven, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.begins(task)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.begins(task, 1)
    machine.say(task, frames.Failed("start_failed", "EPERM room: bwrap: no", unwell=True))
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert list(task.checkpoints) == ["0"]


def test_a_machine_that_is_well_each_time_it_is_asked_ends_it_at_last(
    machine: Driven, create: Create
) -> None:
    """What goes wrong at each beginning, or is a lie, would come back for ever."""
    task = create()
    most = returned_attempts.MOST + task.project.max_attempts
    for number in range(1, most + 1):
        assert status(task) is TaskStatus.QUEUED
        assert dispatcher.assign_queued() == 1
        machine.begins(task)
        machine.say(task, UNWELL)
        is_counted = number > returned_attempts.MOST
        outcome = AttemptOutcome.LOST if is_counted else AttemptOutcome.HANDED_OVER
        assert (live(task).outcome, live(task).excused) == (outcome, not is_counted)
        machine.hello()
    assert status(task) is TaskStatus.FAILED
    assert (task.failure or {})["code"] == FailureCode.MACHINE_LOST
    assert WORDS in (task.failure or {})["message"]


def test_each_machine_is_counted_by_itself(machine: Driven, create: Create) -> None:
    task = create()
    for _ in range(returned_attempts.MOST):
        dispatcher.assign_queued()
        machine.say(task, UNWELL)
        machine.hello()
    machine.row.status = MachineStatus.DRAINED
    db.session.commit()
    other = make_driven()
    assert dispatcher.assign_queued() == 1
    other.say(task, UNWELL)
    assert live(task).outcome is AttemptOutcome.HANDED_OVER


def test_a_stage_that_has_ended_is_not_run_again(machine: Driven, create: Create) -> None:
    """The rest of its log is awaited."""
    task = create()
    dispatcher.assign_queued()
    machine.begins(task)
    machine.say(task, frames.StageFinished(stage_index=0, log_end=100, how="exit", code=0))
    machine.say(task, UNWELL)
    assert status(task) is TaskStatus.FAILED


@pytest.mark.parametrize("stage", [0, 1])
def test_where_the_machine_has_the_only_copy_it_fails_in_its_words(
    machine: Driven, create: Create, stage: int
) -> None:
    """Nobody else could go on, and what has been done would be done again."""
    task = create([DEVELOP, CHECK])
    dispatcher.assign_queued()
    machine.begins(task)
    machine.finishes(task)  # without a checkpoint
    if stage:
        machine.begins(task, 1)
    machine.say(task, UNWELL)
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {"code": "worker_failed", "message": WORDS, "stageIndex": 1}
    assert not machine.row.capabilities[0]["healthy"]


@pytest.mark.parametrize(("checkpoint", "after"), [(True, "queued"), (False, "failed")])
def test_a_push_that_could_not_be_begun_is_the_next_attempt_s(
    machine: Driven, create: Create, checkpoint: bool, after: str
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.begins(task)
    if checkpoint:
        machine.checkpoints(task)
    machine.finishes(task)
    assert live(task).phase is AttemptPhase.PUBLISH
    machine.say(task, UNWELL)
    assert status(task) == after
    if checkpoint:
        assert attempts.position(live(task), task) == task.stage_index == 1


def _let_a_minute_pass(machine: Driven) -> None:
    """As it is for the machine's agents, which it says nothing new of."""
    row, past = machine.row, written(now() - timedelta(seconds=1))
    row.capabilities = [each | {"degradedUntil": past} for each in row.capabilities]
    db.session.commit()


def test_who_does_not_say_that_it_is_unwell_fails_its_task(machine: Driven, create: Create) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.say(task, frames.Accepted(), frames.Failed("worker_failed", WORDS))
    assert status(task) is TaskStatus.FAILED
    assert machine.row.capabilities[0]["healthy"]
