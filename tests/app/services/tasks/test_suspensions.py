"""Tasks that are stopped in the middle of a stage: until a time, or for a person's word."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.quota import OnQuota
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer
from app.services.clock import now
from app.services.dispatch import wait_reasons
from app.services.dispatch.wait_reasons import NextAction, WaitReason
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import suspensions
from app.services.tunnels import tunnels
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    latest_order,
    make_held_attempt,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import DEVELOP, Create, actor, create, machine
from tests.app.services.tasks.suspensions_world import HOUR, is_stopped, partial_ref, running

__all__ = ["actor", "create", "machine"]  # fixtures


def test_a_limit_with_a_time_is_a_wait_without_a_slot(machine: FakeMachine, create: Create) -> None:
    task, at = running(machine, create), now() + HOUR
    is_stopped(machine, task, resets_at=at)
    assert state(task) == (TaskStatus.SUSPENDED, SuspendReason.QUOTA)
    assert (make_live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    wait = wait_reasons.find_wait(task)
    assert wait is not None
    assert (wait.reason, wait.next_action) == (WaitReason.QUOTA, NextAction.RESUME)
    assert wait.at is not None
    assert abs(wait.at - at) < timedelta(seconds=1)
    assert machine.orders() == []


def test_it_goes_on_by_itself_with_the_next_run_when_the_time_has_come(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, resets_at=now() + HOUR)
    assert suspensions.resume_due(now() + HOUR / 2) == 0
    assert suspensions.resume_due(now() + 2 * HOUR) == 1
    assert suspensions.resume_due(now() + 2 * HOUR) == 0
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    assert latest_order(task).run == 1
    machine.report_on(task, frames.StageStarted(0, 1))
    assert status(task) is TaskStatus.RUNNING
    machine.report_on(task, frames.Checkpoint(0, f"refs/muster/{task.id}/1/0", "beef", run=1))
    machine.report_on(task, frames.StageFinished(0, 0, "exit", 0, 1))
    assert (task.partial, machine.orders()) == (None, [(DesiredAction.PUBLISH, task.id, 0)])
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
    assert events_of(task)[3:9] == [
        *[E.STAGE_STARTED, E.CHECKPOINT, E.SUSPENDED],
        *[E.RESUMED, E.STAGE_STARTED, E.CHECKPOINT],
    ]


def test_the_next_stage_begins_with_its_first_run_again(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create, DEVELOP, {**DEVELOP, "name": "again"})
    is_stopped(machine, task)
    suspensions.resume_due(now() + HOUR)
    machine.orders()
    machine.report_on(task, frames.StageStarted(0, 1), frames.StageFinished(0, 0, "exit", 0, 1))
    assert (latest_order(task).stage_index, latest_order(task).run) == (1, 0)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_a_run_is_not_ordered_again_of_a_machine_that_has_it(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task)
    suspensions.resume_due(now() + HOUR)
    machine.orders()
    has = make_held_attempt(task)
    has.run = 1
    machine.hello(has)
    assert machine.orders() == []
    machine.hello(make_held_attempt(task, "waiting"))
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_where_no_time_is_known_each_wait_is_twice_as_long_up_to_a_quarter_of_an_hour(
    machine: FakeMachine, create: Create
) -> None:
    task, moment, seconds = running(machine, create), now(), []
    for run in range(6):
        is_stopped(machine, task, run=run, checkpoint=False)
        db.session.refresh(task)
        seconds.append(round((task.resume_at - now()).total_seconds(), -1))
        moment += HOUR
        suspensions.resume_due(moment)
        machine.orders()
        machine.report_on(task, frames.StageStarted(0, run + 1))
    assert seconds == [60, 120, 240, 480, 900, 900]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_task_that_waits_longer_than_its_project_lets_it_fails_with_a_code_of_its_own(
    machine: FakeMachine, create: Create, is_known: bool
) -> None:
    task = running(machine, create)
    task.project.quota_minutes = 30 if is_known else 2
    db.session.commit()
    at = now() + timedelta(minutes=20) if is_known else None
    is_stopped(machine, task, resets_at=at)
    assert status(task) is TaskStatus.SUSPENDED
    suspensions.resume_due(now() + HOUR)
    machine.orders()
    machine.report_on(task, frames.StageStarted(0, 1))
    is_stopped(machine, task, resets_at=at, run=1)
    assert (status(task), make_live(task).outcome) == (TaskStatus.FAILED, AttemptOutcome.FAILED)
    assert task.failure is not None
    assert task.failure["code"] == "quota_exhausted"
    assert machine.row.slots_used == 0


def test_a_machine_is_told_whether_a_limit_is_to_be_waited_for(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    assert orders.build_run_order(latest_order(task)).on_limit == "suspend"
    task.project.on_quota = OnQuota.FAIL
    db.session.commit()
    assert orders.build_run_order(latest_order(task)).on_limit == "fail"


def test_a_report_of_another_run_changes_nothing(machine: FakeMachine, create: Create) -> None:
    task = running(machine, create)
    is_stopped(machine, task, run=1, checkpoint=False)
    assert status(task) is TaskStatus.RUNNING
    assert warnings_of(task) == [
        "ignored suspended: the machine has no order for run 1 of the stage"
    ]


# ---- budget ----------------------------------------------------------------------------------


def test_what_was_stopped_for_a_budget_that_is_not_used_up_goes_on_at_once(
    machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    is_stopped(machine, task, "budget")
    assert (status(task), make_live(task).phase) == (TaskStatus.RUNNING, AttemptPhase.RUN)
    assert (make_live(task).run, machine.row.slots_used) == (1, 1)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    machine.report_on(task, frames.StageStarted(0, 1))
    assert warnings_of(task) == []


def test_a_task_whose_work_somebody_changes_waits_until_the_tunnel_is_closed(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = running(machine, create)
    machine.report_on(task, frames.WorkspaceFacts("ready", path="/w"))
    is_stopped(machine, task)
    tunnels.start(actor, task.id)
    machine.report_on(task, frames.TunnelFacts(1, "connected", url="https://tunnel.example"))
    suspensions.resume_due(now() + HOUR)
    assert status(task) is TaskStatus.SUSPENDED
    tunnels.stop(actor, task.id)
    machine.report_on(task, frames.Checkpoint(0, partial_ref(task), "beef", partial=True))
    machine.report_on(task, frames.TunnelFacts(1, "closed"))
    suspensions.resume_due(now() + HOUR)
    assert status(task) is TaskStatus.ASSIGNED
