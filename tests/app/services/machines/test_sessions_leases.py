"""What a machine's absence costs: its gates stay, its tasks go when its lease is over."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Developer, Gate, MachineHeartbeat
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_driven,
    make_held_attempt,
    make_live,
    state,
)
from tests.app.services.machines.machines_world import (
    FAILED,
    GATE,
    LEASE,
    QUEUED,
    SILENCE,
    at_a_gate,
    running,
    served,
)
from tests.factories import make_server_process

__all__ = ["served"]  # a fixture


# ---- at a gate -----------------------------------------------------------------------------------


def test_a_gate_whose_workspace_is_held_is_kept(admin: Developer, machine: FakeMachine) -> None:
    task = at_a_gate(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    assert state(task) == GATE
    machine.hello(make_held_attempt(task, "waiting"))
    assert state(task) == GATE
    assert make_live(task).phase is AttemptPhase.GATE
    assert machine.orders() == []


def test_a_gate_whose_workspace_is_lost_stays_open_and_its_answer_starts_a_new_attempt(
    admin: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(admin, machine)
    machine.hello()
    assert state(task) == QUEUED
    assert dispatcher.assign_queued() == 0
    gates.confirm_stage(admin, task.id, 1, "confirm")
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_gate_of_which_nothing_is_left_is_withdrawn_and_asked_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(admin, machine, checkpoint=False)
    machine.hello()
    assert state(task) == QUEUED
    assert db.session.get(Gate, (task.id, 1, 1, 0)) is None
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    machine.report_started(task)
    machine.report_finished(task)
    assert state(task) == GATE


def test_a_gate_outlives_its_machines_lease(admin: Developer, machine: FakeMachine) -> None:
    task = at_a_gate(admin, machine)
    liveness.expire_leases(now() + LEASE)
    assert state(task) == QUEUED
    assert gates.get_pending(admin, task.id).stage_index == 1


# ---- the lease -----------------------------------------------------------------------------------


def test_a_machine_that_stays_away_loses_its_task(admin: Developer, machine: FakeMachine) -> None:
    task = running(admin, machine)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    liveness.detect_silent(now() + SILENCE)
    assert liveness.expire_leases(now()) == 0
    assert liveness.expire_leases(now() + LEASE) == 1
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert E.REQUEUED in events_of(task)


def test_a_task_that_may_be_lost_only_once_fails_with_the_lease(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine, limit=1)
    liveness.expire_leases(now() + LEASE)
    assert state(task) == FAILED


def test_a_machine_that_comes_back_too_late_is_told_to_stop(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    liveness.expire_leases(now() + LEASE)
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id)
    sign.received_at = sign.lease_until = now() - timedelta(seconds=1)
    machine.row.connected = False
    db.session.commit()
    elsewhere = make_driven()
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 0)]
    named = frames.TrackedAttempt(
        task_id=task.id, attempt=1, stage_index=0, state="working", log_offset=0
    )
    machine.hello(named)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    machine.report_on(task, frames.Stopped(), attempt=1)
    assert machine.row.slots_used == 0
    assert make_live(task).ended_at is None


def test_while_it_is_away_its_answered_task_waits_or_goes_elsewhere_never_both(
    admin: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(admin, machine, checkpoint=False)
    liveness.detect_silent(now() + SILENCE)
    gates.confirm_stage(admin, task.id, 1, "confirm")
    make_driven()
    assert dispatcher.assign_queued() == 0
    machine.hello(make_held_attempt(task, "waiting"))
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


@pytest.mark.parametrize(("reachable", "then"), [(True, FAILED), (False, QUEUED)])
def test_what_a_lease_cost_that_ran_out_in_an_outage_of_ours_does_not_count(
    admin: Developer, machine: FakeMachine, reachable: bool, then: object
) -> None:
    task = running(admin, machine, limit=1)
    db.session.execute(db.text("DELETE FROM server_processes"))
    later = now() + LEASE
    make_server_process(started_at=now() if reachable else later, seen_at=later)
    machine.hello(at=later)  # it has ended what it had, by itself
    assert state(task) == then
