"""Tasks that are stopped in the middle of a stage: until a time, or for a person's word."""

from datetime import datetime, timedelta

import pytest

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.quota import OnQuota
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatch, waiting
from app.services.dispatch.waiting import NextAct, WaitReason
from app.services.machines import drains, fleet, orders
from app.services.machines.orders import Want
from app.services.tasks import gates, suspensions, tasks
from muster.protocol import frames
from tests.app.services.driven import (
    Driven,
    events_of,
    held,
    live,
    make_driven,
    ordered,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import CHECK, DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures

HOUR = timedelta(hours=1)


def partial_ref(task: Task, stage: int = 0) -> str:
    return f"refs/muster/{task.id}/{task.attempt}/{stage}-partial"


def is_stopped(
    machine: Driven,
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
    ended = frames.Suspended(stage, live(task).log_bytes, reason, "spent", at, run)
    machine.say(task, *([made] if checkpoint else []), ended)


def running(machine: Driven, create: Create, *pipeline: dict[str, object]) -> Task:
    task = create(list(pipeline) or [DEVELOP])
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    return task


def test_a_limit_with_a_time_is_a_wait_without_a_slot(machine: Driven, create: Create) -> None:
    task, at = running(machine, create), now() + HOUR
    is_stopped(machine, task, resets_at=at)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)
    assert (live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    wait = waiting.wait_of(task)
    assert wait is not None
    assert (wait.reason, wait.next_act) == (WaitReason.QUOTA, NextAct.RESUME)
    assert wait.at is not None
    assert abs(wait.at - at) < timedelta(seconds=1)
    assert machine.orders() == []


def test_it_goes_on_by_itself_with_the_next_run_when_the_time_has_come(
    machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, resets_at=now() + HOUR)
    assert suspensions.go_on(now() + HOUR / 2) == 0
    assert suspensions.go_on(now() + 2 * HOUR) == 1
    assert suspensions.go_on(now() + 2 * HOUR) == 0
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    assert ordered(task).run == 1
    machine.say(task, frames.StageStarted(0, 1))
    assert status(task) is TaskStatus.RUNNING
    machine.say(task, frames.Checkpoint(0, "refs/muster/1/1/0", "beef", run=1))
    machine.say(task, frames.StageFinished(0, 0, "exit", 0, 1))
    assert (task.partial, machine.orders()) == (None, [(Want.PUBLISH, task.id, 0)])
    machine.publishes(task)
    assert status(task) is TaskStatus.COMPLETED
    assert events_of(task)[3:9] == [
        *[E.STAGE_STARTED, E.CHECKPOINT, E.SUSPENDED],
        *[E.RESUMED, E.STAGE_STARTED, E.CHECKPOINT],
    ]


def test_the_next_stage_begins_with_its_first_run_again(machine: Driven, create: Create) -> None:
    task = running(machine, create, DEVELOP, {**DEVELOP, "name": "again"})
    is_stopped(machine, task)
    suspensions.go_on(now() + HOUR)
    machine.orders()
    machine.say(task, frames.StageStarted(0, 1), frames.StageFinished(0, 0, "exit", 0, 1))
    assert (ordered(task).stage_index, ordered(task).run) == (1, 0)
    assert machine.orders() == [(Want.RUN, task.id, 1)]


def test_a_run_is_not_ordered_again_of_a_machine_that_has_it(
    machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task)
    suspensions.go_on(now() + HOUR)
    machine.orders()
    has = held(task)
    has.run = 1
    machine.hello(has)
    assert machine.orders() == []
    machine.hello(held(task, "waiting"))
    assert machine.orders() == [(Want.RUN, task.id, 0)]


def test_where_no_time_is_known_each_wait_is_twice_as_long_up_to_a_quarter_of_an_hour(
    machine: Driven, create: Create
) -> None:
    task, moment, seconds = running(machine, create), now(), []
    for run in range(6):
        is_stopped(machine, task, run=run, checkpoint=False)
        db.session.refresh(task)
        seconds.append(round((task.resume_at - now()).total_seconds(), -1))
        moment += HOUR
        suspensions.go_on(moment)
        machine.orders()
        machine.say(task, frames.StageStarted(0, run + 1))
    assert seconds == [60, 120, 240, 480, 900, 900]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_task_that_waits_longer_than_its_project_lets_it_fails_with_a_code_of_its_own(
    machine: Driven, create: Create, is_known: bool
) -> None:
    task = running(machine, create)
    task.project.quota_minutes = 30 if is_known else 2
    db.session.commit()
    at = now() + timedelta(minutes=20) if is_known else None
    is_stopped(machine, task, resets_at=at)
    assert status(task) is TaskStatus.SUSPENDED
    suspensions.go_on(now() + HOUR)
    machine.orders()
    machine.say(task, frames.StageStarted(0, 1))
    is_stopped(machine, task, resets_at=at, run=1)
    assert (status(task), live(task).outcome) == (TaskStatus.FAILED, AttemptOutcome.FAILED)
    assert task.failure is not None
    assert task.failure["code"] == "quota_exhausted"
    assert machine.row.slots_used == 0


def test_a_machine_is_told_whether_a_limit_is_to_be_waited_for(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    assert orders.run_stage(ordered(task)).on_limit == "suspend"
    task.project.on_quota = OnQuota.FAIL
    db.session.commit()
    assert orders.run_stage(ordered(task)).on_limit == "fail"


def test_a_report_of_another_run_changes_nothing(machine: Driven, create: Create) -> None:
    task = running(machine, create)
    is_stopped(machine, task, run=1, checkpoint=False)
    assert status(task) is TaskStatus.RUNNING
    assert warnings_of(task) == [
        "suspended is ignored: the machine has no order for run 1 of the stage"
    ]


# ---- the attempt behaves as at a gate ------------------------------------------------------------


def at_work_again(task: Task) -> Driven:
    """Another machine that has taken the task once its time has come."""
    other = make_driven()
    dispatch.assign_queued()
    assert status(task) is TaskStatus.QUEUED, "its account is no other on another machine"
    db.session.execute(db.update(Task).values(resume_at=now() - HOUR))
    db.session.commit()
    dispatch.assign_queued()
    assert (status(task), task.machine_id) == (TaskStatus.ASSIGNED, other.machine_id)
    return other


def test_a_lost_attempt_is_gone_on_with_elsewhere_from_the_middle_when_the_time_has_come(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create, DEVELOP, CHECK)
    ref = partial_ref(task)
    is_stopped(machine, task, resets_at=now() + HOUR)
    machine.hello()  # with nothing
    assert (status(task), live(task).outcome) == (TaskStatus.QUEUED, AttemptOutcome.LOST)
    wait = waiting.wait_of(task)
    assert wait is not None
    assert (wait.reason, wait.next_act) == (WaitReason.QUOTA, NextAct.DISPATCH)
    drains.drain(actor, machine.machine_id)
    other = at_work_again(task)
    assert (live(task).resume_from, live(task).run) == (ref, 0)
    assert other.orders() == [(Want.RUN, task.id, 0)]


def test_a_drain_hands_over_what_is_pushed_and_keeps_what_is_not(
    actor: Developer, machine: Driven, create: Create
) -> None:
    pushed, kept = running(machine, create), running(machine, create)
    is_stopped(machine, pushed, resets_at=now() + HOUR)
    is_stopped(machine, kept, resets_at=now() + HOUR, checkpoint=False)
    drains.drain(actor, machine.machine_id)
    assert status(pushed) is TaskStatus.QUEUED
    assert state(kept) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)
    suspensions.go_on(now() + 2 * HOUR)
    assert (status(kept), live(kept).run) == (TaskStatus.ASSIGNED, 1)


def test_a_decommissioned_machines_task_is_queued_again_from_the_middle(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    ref = partial_ref(task)
    is_stopped(machine, task, resets_at=now() + HOUR)
    fleet.decommission(actor, machine.machine_id, dead=True)
    at_work_again(task)
    assert live(task).resume_from == ref


def test_a_cancelled_task_is_over_and_its_retry_begins_its_stage_anew(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, resets_at=now() + HOUR)
    tasks.cancel(actor, task.id)
    assert suspensions.go_on(now() + 2 * HOUR) == 0
    assert (status(task), task.partial, task.resume_at) == (TaskStatus.CANCELLED, None, None)
    tasks.retry(actor, task.id)
    dispatch.assign_queued()
    assert (status(task), live(task).resume_from) == (TaskStatus.ASSIGNED, None)
    assert task.quota is None


def test_the_work_of_the_middle_is_renewed_where_a_tunnel_has_changed_it(
    machine: Driven, create: Create
) -> None:
    task = running(machine, create, DEVELOP, CHECK)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.say(task, frames.StageStarted(1))
    is_stopped(machine, task, stage=1)
    machine.say(task, frames.Checkpoint(1, partial_ref(task, 1), "beef", partial=True))
    db.session.refresh(task)
    assert task.partial == {"stageIndex": 1, "ref": partial_ref(task, 1), "commit": "beef"}
    machine.say(task, frames.Checkpoint(0, "refs/muster/1/1/0", "dead"))
    db.session.refresh(task)
    assert task.checkpoints["0"]["commit"] == "c0ffee"
    assert len(warnings_of(task)) == 1


def test_a_later_loss_goes_on_from_the_middle_of_an_earlier_run(
    machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    ref = partial_ref(task)
    is_stopped(machine, task)
    suspensions.go_on(now() + HOUR)
    machine.orders()
    machine.say(task, frames.StageStarted(0, 1), frames.Lost("rebooted"))
    dispatch.assign_queued()
    assert (status(task), task.attempt, live(task).resume_from) == (TaskStatus.ASSIGNED, 2, ref)


# ---- budget ----------------------------------------------------------------------------------


def test_what_was_stopped_for_its_budget_asks_and_goes_on_by_the_answer(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, "budget")
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.BUDGET)
    gate = gates.pending(actor, task.id)
    assert (gate.kind, gate.choices, gate.number) == ("budget", ["continue", "stop"], 1)
    assert suspensions.go_on(now() + HOUR) == 0
    gates.confirm(actor, task.id, 0, "continue")
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    assert (status(task), live(task).run) == (TaskStatus.ASSIGNED, 1)


def test_stop_ends_what_was_stopped_for_its_budget(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, "budget")
    gates.confirm(actor, task.id, 0, "stop")
    assert status(task) is TaskStatus.CANCELLED
