"""A machine is emptied, and no work is lost by it but what a deadline costs."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import drains, liveness
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks, workspace_cleanup
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_driven,
    make_held_attempt,
    make_live,
    state,
)
from tests.app.services.machines.drains_world import create, report_drained, request_drain
from tests.factories import make_developer

QUEUED = (TaskStatus.QUEUED, None)
GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)


def running(machine: FakeMachine, *, gated: bool = False) -> Task:
    task = create(gated=gated)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def at_a_gate(machine: FakeMachine, *, checkpoint: bool = True) -> Task:
    task = running(machine, gated=True)
    if checkpoint:
        machine.report_checkpoint(task)
    machine.report_finished(task)
    return task


# ---- before the deadline -------------------------------------------------------------------------


def test_a_draining_machine_takes_no_new_task(lead: Developer, machine: FakeMachine) -> None:
    request_drain(machine, lead)
    task = create()
    assert dispatcher.assign_queued() == 0
    drains.undrain(lead, machine.machine_id)
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_what_runs_runs_on_to_its_end(lead: Developer, machine: FakeMachine) -> None:
    task = running(machine)
    request_drain(machine, lead)
    assert machine.orders() == []
    machine.report_finished(task)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    machine.report_on(task, frames.StageStarted(1))
    machine.report_finished(task, 1)
    machine.report_published(task)
    assert state(task) == (TaskStatus.COMPLETED, None)
    report_drained(machine)
    assert machine.row.status is MachineStatus.DRAINED


def test_a_gated_task_with_a_checkpoint_goes_back_to_the_queue_with_its_gate_open(
    lead: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(machine)
    request_drain(machine, lead)
    assert state(task) == QUEUED
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert gates.find_open_gate(task)

    elsewhere = make_driven()
    assert dispatcher.assign_queued() == 0, "nobody has answered yet"
    gates.confirm_stage(make_developer(role=SystemRole.ADMIN), task.id, 1, "confirm")
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_gated_task_without_a_checkpoint_stays_and_goes_on_there(
    lead: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    request_drain(machine, lead)
    drains.sweep(now())
    assert state(task) == GATE
    gates.confirm_stage(make_developer(role=SystemRole.ADMIN), task.id, 1, "confirm")
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_a_task_that_comes_to_its_gate_on_a_draining_machine_is_handed_over_soon(
    lead: Developer, machine: FakeMachine
) -> None:
    task = running(machine, gated=True)
    request_drain(machine, lead)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert state(task) == GATE
    assert drains.sweep(now()) == 1
    assert state(task) == QUEUED
    assert drains.sweep(now()) == 0


@pytest.mark.parametrize("end", ["reject", "cancel"])
def test_the_machine_is_told_what_has_ended_at_a_gate_so_that_the_machine_can_be_drained(
    lead: Developer, machine: FakeMachine, end: str
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    request_drain(machine, lead)
    admin = make_developer(role=SystemRole.ADMIN)
    if end == "cancel":
        tasks.cancel(admin, task.id)
    else:
        gates.confirm_stage(admin, task.id, 1, "reject")
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    machine.report_on(task, frames.Stopped())
    assert machine.orders() == []


def test_a_drain_outlives_a_disconnect(lead: Developer, machine: FakeMachine) -> None:
    task = running(machine)
    request_drain(machine, lead)
    liveness.detect_silent(now() + timedelta(seconds=40))
    assert machine.row.status is MachineStatus.DRAINING
    machine.hello(make_held_attempt(task))
    assert machine.row.status is MachineStatus.DRAINING
    assert state(task) == (TaskStatus.RUNNING, None)


def test_checkpoints_stay_as_long_as_a_task_may_go_on_from_them(
    lead: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(machine)
    request_drain(machine, lead)
    machine.orders()
    make_live(task).forget_at = now() - timedelta(days=1)
    db.session.commit()
    assert machine.orders() == []
    tasks.cancel(make_developer(role=SystemRole.ADMIN), task.id)
    workspace_cleanup.sweep(now())
    assert machine.orders() == [(DesiredAction.FORGET, task.id, 0)]


# ---- past the deadline ---------------------------------------------------------------------------


def test_past_the_deadline_the_rest_is_stopped_and_queued_again(
    lead: Developer, machine: FakeMachine
) -> None:
    task = running(machine)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.orders()
    machine.report_on(task, frames.StageStarted(1))
    request_drain(machine, lead, seconds=60)
    assert drains.sweep(now() + timedelta(seconds=59)) == 0
    later = now() + timedelta(seconds=61)
    assert drains.sweep(later) == 1
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert events_of(task)[-1] is E.REQUEUED

    elsewhere = make_driven()
    assert dispatcher.assign_queued() == 0, "its processes may still live"
    machine.report_on(task, frames.Stopped())
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_a_deadline_stops_no_task_that_counts_as_lost(
    lead: Developer, machine: FakeMachine
) -> None:
    task = running(machine)
    for _ in range(3):  # more than maxAttempts
        request_drain(machine, lead, seconds=0)
        machine.report_on(task, frames.Stopped())
        assert state(task) == QUEUED
        drains.undrain(lead, machine.machine_id)
        dispatcher.assign_queued()
        machine.report_started(task)


def test_past_the_deadline_a_question_about_work_that_goes_is_withdrawn(
    lead: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    request_drain(machine, lead, seconds=0)
    assert (state(task), task.stage_index) == (QUEUED, 0)
    assert gates.find_open_gate(task) is None
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]


def test_the_deadline_holds_for_a_machine_that_is_not_heard_of(
    lead: Developer, machine: FakeMachine
) -> None:
    task = running(machine)
    request_drain(machine, lead, seconds=60)
    liveness.detect_silent(now() + timedelta(seconds=40))
    drains.sweep(now() + timedelta(seconds=61))
    assert state(task) == QUEUED
    make_driven()
    assert dispatcher.assign_queued() == 0, "its lease is not over"
