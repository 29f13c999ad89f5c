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
from app.services.machines.orders import Want
from app.services.tasks import gates
from muster.protocol import frames
from tests.app.services.fake_machine import Driven, events_of, held, live, make_driven, state
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


def test_a_gate_whose_workspace_is_held_is_kept(admin: Developer, machine: Driven) -> None:
    task = at_a_gate(admin, machine)
    liveness.notice(now() + SILENCE)
    assert state(task) == GATE
    machine.hello(held(task, "waiting"))
    assert state(task) == GATE
    assert live(task).phase is AttemptPhase.GATE
    assert machine.orders() == []


def test_a_gate_whose_workspace_is_lost_stays_open_and_its_answer_starts_a_new_attempt(
    admin: Developer, machine: Driven
) -> None:
    task = at_a_gate(admin, machine)
    machine.hello()
    assert state(task) == QUEUED
    assert dispatcher.assign_queued() == 0
    gates.confirm(admin, task.id, 1, "confirm")
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_gate_of_which_nothing_is_left_is_withdrawn_and_asked_again(
    admin: Developer, machine: Driven
) -> None:
    task = at_a_gate(admin, machine, checkpoint=False)
    machine.hello()
    assert state(task) == QUEUED
    assert db.session.get(Gate, (task.id, 1, 1, 0)) is None
    dispatcher.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    machine.begins(task)
    machine.finishes(task)
    assert state(task) == GATE


def test_a_gate_outlives_its_machines_lease(admin: Developer, machine: Driven) -> None:
    task = at_a_gate(admin, machine)
    liveness.give_up(now() + LEASE)
    assert state(task) == QUEUED
    assert gates.pending(admin, task.id).stage_index == 1


# ---- the lease -----------------------------------------------------------------------------------


def test_a_machine_that_stays_away_loses_its_task(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.begins(task, 1)
    liveness.notice(now() + SILENCE)
    assert liveness.give_up(now()) == 0
    assert liveness.give_up(now() + LEASE) == 1
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert E.REQUEUED in events_of(task)


def test_a_task_that_may_be_lost_only_once_fails_with_the_lease(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine, limit=1)
    liveness.give_up(now() + LEASE)
    assert state(task) == FAILED


def test_a_machine_that_comes_back_too_late_is_told_to_stop(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    liveness.give_up(now() + LEASE)
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id)
    sign.received_at = sign.lease_until = now() - timedelta(seconds=1)
    machine.row.connected = False
    db.session.commit()
    elsewhere = make_driven()
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(Want.RUN, task.id, 0)]
    named = frames.HeldAttempt(
        task_id=task.id, attempt=1, stage_index=0, state="working", log_offset=0
    )
    machine.hello(named)
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    machine.say(task, frames.Stopped(), attempt=1)
    assert machine.row.slots_used == 0
    assert live(task).ended_at is None


def test_while_it_is_away_its_answered_task_waits_or_goes_elsewhere_never_both(
    admin: Developer, machine: Driven
) -> None:
    task = at_a_gate(admin, machine, checkpoint=False)
    liveness.notice(now() + SILENCE)
    gates.confirm(admin, task.id, 1, "confirm")
    make_driven()
    assert dispatcher.assign_queued() == 0
    machine.hello(held(task, "waiting"))
    assert machine.orders() == [(Want.RUN, task.id, 1)]


@pytest.mark.parametrize(("reachable", "then"), [(True, FAILED), (False, QUEUED)])
def test_what_a_lease_cost_that_ran_out_in_an_outage_of_ours_does_not_count(
    admin: Developer, machine: Driven, reachable: bool, then: object
) -> None:
    task = running(admin, machine, limit=1)
    db.session.execute(db.text("DELETE FROM server_processes"))
    later = now() + LEASE
    make_server_process(started_at=now() if reachable else later, seen_at=later)
    machine.hello(at=later)  # it has ended what it had, by itself
    assert state(task) == then
