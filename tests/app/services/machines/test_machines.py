"""A machine that goes away and comes back: the table of the machine protocol, row by row."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.errors import InvalidToken, MachineDecommissioned
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Gate, Machine, MachineHeartbeat, Task
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.machines import liveness, machines, orders
from app.services.machines.orders import Want
from app.services.people import tokens
from app.services.tasks import collection, gates, tasks
from muster.protocol import frames
from tests.app.services.driven import Driven, events_of, held, live, make_driven, state
from tests.app.services.statements import counted
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_server_process,
    make_task,
)

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}
SILENCE, LEASE = timedelta(seconds=40), timedelta(seconds=601)


@pytest.fixture(autouse=True)
def served(app: Flask) -> None:
    """A machine that is not heard of has no excuse."""
    make_server_process()


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> Driven:
    return make_driven()


def assigned(admin: Developer, machine: Driven, *, gated: bool = False, limit: int = 2) -> Task:
    project = make_project(pipeline=[DEVELOP, {**CHECK, "confirm": gated}], max_attempts=limit)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatch.assign_queued()
    machine.orders()
    return task


def running(admin: Developer, machine: Driven, *, gated: bool = False, limit: int = 2) -> Task:
    task = assigned(admin, machine, gated=gated, limit=limit)
    machine.begins(task)
    return task


def at_a_gate(admin: Developer, machine: Driven, *, checkpoint: bool = True) -> Task:
    task = running(admin, machine, gated=True)
    if checkpoint:
        machine.checkpoints(task)
    machine.finishes(task)
    return task


LOST = (TaskStatus.SUSPENDED, SuspendReason.MACHINE_LOST)
GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)
RUNNING = (TaskStatus.RUNNING, None)
QUEUED = (TaskStatus.QUEUED, None)
FAILED = (TaskStatus.FAILED, None)


# ---- silence and return --------------------------------------------------------------------------


def test_a_silent_machine_is_offline_and_its_running_task_waits(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    assert liveness.notice(now()) == 0
    assert liveness.notice(now() + SILENCE) == 1
    assert (machine.row.status, machine.row.connected) == (MachineStatus.OFFLINE, False)
    assert state(task) == LOST
    assert machine.row.slots_used == 1
    assert liveness.notice(now() + SILENCE) == 0


def test_a_machine_that_comes_back_with_its_task_runs_on(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    liveness.notice(now() + SILENCE)
    machine.hello(held(task))
    assert state(task) == RUNNING
    assert machine.row.status is MachineStatus.ONLINE
    assert machine.orders() == []
    assert events_of(task)[-2:] == [E.MACHINE_LOST, E.MACHINE_BACK]


@pytest.mark.parametrize("noticed", [True, False], ids=["lost from sight", "unnoticed"])
def test_the_result_of_a_machine_that_finished_meanwhile_is_accepted(
    admin: Developer, machine: Driven, noticed: bool
) -> None:
    task = running(admin, machine)
    if noticed:
        liveness.notice(now() + SILENCE)
    machine.hello(held(task, "waiting"))
    machine.finishes(task)
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert state(task) == RUNNING


def test_a_silence_that_ends_on_the_same_connection_leaves_no_trace_but_events(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    liveness.notice(now() + SILENCE)
    liveness.hear_again(machine.machine_id, machine.generation, now())
    assert state(task) == RUNNING
    assert (machine.row.status, machine.row.connected) == (MachineStatus.ONLINE, True)


def test_a_slot_is_not_freed_by_being_heard_again(admin: Developer, machine: Driven) -> None:
    """Rule 2: the machine has not said that what was cancelled meanwhile is gone."""
    task = running(admin, machine)
    liveness.notice(now() + SILENCE)
    tasks.cancel(admin, task.id)
    tasks.retry(admin, task.id)
    liveness.hear_again(machine.machine_id, machine.generation, now())
    assert (machine.row.slots_used, live(task).holds_slot) == (1, True)
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    assert dispatch.assign_queued() == 0


def test_a_replaced_connection_is_not_heard_again(admin: Developer, machine: Driven) -> None:
    liveness.notice(now() + SILENCE)
    liveness.hear_again(machine.machine_id, machine.generation - 1, now())
    assert machine.row.connected is False


def test_a_decommissioned_machine_is_not_heard_again(machine: Driven) -> None:
    machine.row.status, machine.row.connected = MachineStatus.DECOMMISSIONED, False
    db.session.commit()
    liveness.hear_again(machine.machine_id, machine.generation, now())
    assert machine.row.status is MachineStatus.DECOMMISSIONED


def test_an_order_that_was_never_accepted_goes_back_to_the_queue_and_waits_for_its_machine(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine)
    liveness.notice(now() + SILENCE)
    assert state(task) == QUEUED
    make_driven()
    assert dispatch.assign_queued() == 0, "the machine may have the order all the same"
    machine.hello()
    assert machine.row.slots_used == 0
    assert dispatch.assign_queued() == 1
    assert live(task).number == 2


def test_a_task_that_was_accepted_but_never_started_does_not_wait_for_the_lease_to_be_over(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine)
    machine.say(task, frames.Accepted())
    liveness.notice(now() + SILENCE)
    assert state(task) == QUEUED
    make_driven()
    assert dispatch.assign_queued() == 0, "it may have begun all the same"
    machine.hello(held(task, "stopped"))
    assert dispatch.assign_queued() == 1


def test_what_takes_its_machine_down_before_it_starts_is_not_tried_for_ever(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine, limit=2)
    for lost in (1, 2):
        machine.say(task, frames.Accepted())
        liveness.notice(now() + SILENCE)
        assert state(task) == (QUEUED if lost == 1 else FAILED)
        machine.hello()
        dispatch.assign_queued()
        machine.orders()


def test_what_was_assigned_in_an_outage_of_ours_waits_for_its_machine_to_come_back(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine)
    db.session.execute(db.text("DELETE FROM server_processes"))
    make_server_process(started_at=now() + SILENCE)
    liveness.notice(now() + SILENCE)
    assert state(task) == (TaskStatus.ASSIGNED, None)
    machine.hello(held(task))
    assert live(task).ended_at is None


def test_an_order_that_was_accepted_unheard_is_stopped_before_its_successor_starts(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine)
    liveness.notice(now() + SILENCE)
    machine.hello(held(task))
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    assert dispatch.assign_queued() == 0
    machine.say(task, frames.Stopped())
    assert dispatch.assign_queued() == 1


def test_a_draining_machine_stays_draining_in_silence_and_its_task_waits(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    machine.row.status = MachineStatus.DRAINING
    db.session.commit()
    machines.hang_up(machine.machine_id, machine.generation)
    liveness.notice(now() + SILENCE)
    assert machine.row.status is MachineStatus.DRAINING
    assert state(task) == LOST
    machine.hello(held(task))
    assert (machine.row.status, state(task)) == (MachineStatus.DRAINING, RUNNING)


def test_a_connection_that_ends_is_no_silence_yet(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machines.hang_up(machine.machine_id, machine.generation)
    liveness.notice(now())
    assert (state(task), machine.row.status) == (RUNNING, MachineStatus.ONLINE)
    assert machine.row.connected is False


def test_the_end_of_a_replaced_connection_changes_nothing(machine: Driven) -> None:
    machines.hang_up(machine.machine_id, machine.generation - 1)
    assert machine.row.connected is True


# ---- what a hello does not name ------------------------------------------------------------------


def test_what_a_replaced_connection_says_has_changed_is_not_stored(machine: Driven) -> None:
    former = machine.generation
    machine.hello()
    machines.change(machine.machine_id, former, repositories=["https://git.example.org/x.git"])
    assert machine.row.repositories == []
    machines.change(machine.machine_id, machine.generation, repositories=["x"])
    assert machine.row.repositories == ["x"]


def test_a_running_task_that_the_machine_knows_nothing_of_is_queued_at_once(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    machine.hello()
    assert state(task) == QUEUED
    assert (live(task).outcome, machine.row.slots_used) == (AttemptOutcome.LOST, 0)
    assert dispatch.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 0)]


def test_a_lost_task_goes_on_from_its_last_checkpoint(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.begins(task, 1)
    machine.hello()
    dispatch.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_task_that_is_lost_too_often_fails(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machine.hello()
    dispatch.assign_queued()
    machine.begins(task)
    machine.hello()
    assert state(task) == FAILED
    assert task.failure is not None
    assert task.failure["code"] == "machine_lost"
    tasks.retry(admin, task.id)
    dispatch.assign_queued()
    machine.begins(task)
    machine.hello()
    assert state(task) == QUEUED, "a retry counts anew"


def test_an_attempt_that_was_not_accepted_is_ordered_again(
    admin: Developer, machine: Driven
) -> None:
    task = assigned(admin, machine)
    machine.hello()
    assert machine.orders() == [(Want.RUN, task.id, 0)]


def test_the_slot_of_what_has_ended_and_is_gone_is_free(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    assert machine.row.slots_used == 1
    machine.hello()
    assert machine.row.slots_used == 0
    assert state(task) == (TaskStatus.CANCELLED, None)


def test_what_has_ended_and_still_runs_is_stopped(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    machine.hello(held(task))
    assert machine.orders() == [(Want.STOP, task.id, 0)]


def test_what_has_ended_and_given_up_its_slot_but_still_runs_is_stopped(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    named = held(task)
    machine.hello()
    machine.hello(named)
    assert machine.orders() == [(Want.STOP, task.id, 0)]


def test_an_older_attempt_that_still_runs_is_stopped_and_the_newer_one_goes_on(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    older = held(task)
    machine.hello()  # nothing, it says; so the task goes on in a second attempt
    dispatch.assign_queued()
    machine.begins(task)
    machine.hello(older, held(task))
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    assert (state(task), machine.row.slots_used) == (RUNNING, 2)
    machine.say(task, frames.Stopped(), attempt=1)
    assert (state(task), machine.row.slots_used) == (RUNNING, 1)


def test_an_attempt_of_which_no_row_speaks_is_forgotten(machine: Driven) -> None:
    stranger = frames.HeldAttempt(
        task_id=4711, attempt=1, stage_index=0, state="working", log_offset=0
    )
    machine.hello(stranger)
    assert machine.orders() == [(Want.FORGET, 4711, 0)]


def test_a_host_that_was_enrolled_anew_keeps_the_checkpoints_of_its_former_life(
    machine: Driven,
) -> None:
    """Its tasks may go on from them on other machines."""
    task = make_task(status=TaskStatus.QUEUED)
    make_attempt(task, make_machine(), ended_at=now(), outcome=AttemptOutcome.LOST)
    wanted = orders.of_machine(machine.machine_id, now(), [(task.id, 1)]).attempts
    assert [(w.want, w.keep_checkpoints) for w in wanted] == [(Want.FORGET, True)]


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
    assert dispatch.assign_queued() == 0
    gates.confirm(admin, task.id, 1, "confirm")
    assert dispatch.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_gate_of_which_nothing_is_left_is_withdrawn_and_asked_again(
    admin: Developer, machine: Driven
) -> None:
    task = at_a_gate(admin, machine, checkpoint=False)
    machine.hello()
    assert state(task) == QUEUED
    assert db.session.get(Gate, (task.id, 1, 1)) is None
    dispatch.assign_queued()
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
    assert dispatch.assign_queued() == 1
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
    assert dispatch.assign_queued() == 0
    machine.hello(held(task, "waiting"))
    assert machine.orders() == [(Want.RUN, task.id, 1)]


# ---- who may say hello ---------------------------------------------------------------------------


def refused(machine: Machine, jwt: str, machine_id: uuid.UUID | None = None) -> bool:
    frame = frames.Hello(
        protocol=1, worker_jwt=jwt, machine_id=str(machine_id or machine.id), journal_id="j"
    )
    before = machine.generation
    try:
        machines.hello(frame, now())
    except InvalidToken:
        db.session.refresh(machine)
        return machine.generation == before
    return False


def test_only_the_machine_itself_gets_in(app: Flask) -> None:
    machine, other = make_machine(), make_machine()
    jwt = tokens.worker_jwt(machine)[0]
    assert refused(machine, "nonsense")
    assert refused(machine, tokens.worker_jwt(other)[0])
    assert refused(machine, jwt, other.id)
    machine.jwt_version += 1
    db.session.commit()
    assert refused(machine, jwt)
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    with pytest.raises(MachineDecommissioned):  # so that it ends what it may still be running
        refused(gone, tokens.worker_jwt(gone)[0])


def test_each_hello_raises_the_generation(machine: Driven) -> None:
    first = machine.generation
    machine.hello()
    assert machine.generation == first + 1


# ---- workspaces ----------------------------------------------------------------------------------


def test_a_workspace_is_forgotten_when_its_time_is_over(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machine.say(task, frames.Failed("unknown", "no"))
    assert machine.orders() == []
    attempt = db.session.get_one(Attempt, (task.id, 1))
    attempt.forget_at = now() - timedelta(seconds=1)
    version = machine.row.orders_version
    db.session.commit()
    assert collection.sweep(now()) == 1
    assert machine.row.orders_version > version
    assert machine.orders() == [(Want.FORGET, task.id, 0)]
    machine.say(task, frames.WorkspaceFacts(state="removed"))
    assert orders.of_machine(machine.machine_id, now()).attempts == []
    assert collection.sweep(now()) == 0


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


def test_a_hello_is_a_sign_of_life(machine: Driven) -> None:
    moment = now() + timedelta(hours=1)
    machine.hello(at=moment)
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert (sign.received_at, sign.lease_until) == (moment, moment + LEASE - timedelta(seconds=1))


def test_a_hello_takes_back_nothing_of_a_lease_that_was_longer(
    app: Flask, machine: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = db.session.get_one(MachineHeartbeat, machine.machine_id).lease_until
    monkeypatch.setitem(app.config, "LEASE_SECONDS", 60)  # by a restart, of which no shim hears
    machine.hello()
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert sign.lease_until == before
    machine.hello(at=before)
    db.session.refresh(sign)
    assert sign.lease_until == before + timedelta(seconds=60)


def test_a_hello_costs_four_statements(admin: Developer, machine: Driven) -> None:
    machine.hello()
    with counted() as statements:
        machine.hello()
    _, *own = [s for s in statements if "SAVEPOINT" not in s]  # the first is the driver's
    assert len(own) == 4, statements
