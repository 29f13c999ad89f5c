"""A machine is emptied, and no work is lost by it but what a deadline costs."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.errors import Forbidden, MachineDecommissioned, NotFound
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, MachineHeartbeat, Task
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.machines import drains, liveness, reads
from app.services.machines.orders import Want
from app.services.tasks import collection, gates, tasks
from muster.protocol import frames
from tests.app.services.driven import Driven, events_of, held, live, make_driven, state
from tests.factories import make_developer, make_machine, make_project

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}
QUEUED = (TaskStatus.QUEUED, None)
GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)


@pytest.fixture
def lead(app: Flask) -> Developer:
    return make_developer(role=SystemRole.LEAD)


@pytest.fixture
def machine(app: Flask) -> Driven:
    return make_driven()


def create(*, gated: bool = False) -> Task:
    project = make_project(pipeline=[DEVELOP, {**CHECK, "confirm": gated}])
    actor = make_developer(role=SystemRole.ADMIN)
    return tasks.create(actor, project_key=project.key, description="Do it.")


def running(machine: Driven, *, gated: bool = False) -> Task:
    task = create(gated=gated)
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    return task


def at_a_gate(machine: Driven, *, checkpoint: bool = True) -> Task:
    task = running(machine, gated=True)
    if checkpoint:
        machine.checkpoints(task)
    machine.finishes(task)
    return task


def wants_drained(machine: Driven, actor: Developer, seconds: int | None = None) -> None:
    drains.drain(actor, machine.machine_id, deadline_seconds=seconds)


def says_drained(machine: Driven) -> None:
    machine.apply([machine.report(0, 0, frames.Drained())])


# ---- before the deadline -------------------------------------------------------------------------


def test_a_draining_machine_takes_no_new_task(lead: Developer, machine: Driven) -> None:
    wants_drained(machine, lead)
    task = create()
    assert dispatch.assign_queued() == 0
    drains.undrain(lead, machine.machine_id)
    assert dispatch.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 0)]


def test_what_runs_runs_on_to_its_end(lead: Developer, machine: Driven) -> None:
    task = running(machine)
    wants_drained(machine, lead)
    assert machine.orders() == []
    machine.finishes(task)
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    machine.say(task, frames.StageStarted(1))
    machine.finishes(task, 1)
    machine.publishes(task)
    assert state(task) == (TaskStatus.COMPLETED, None)
    says_drained(machine)
    assert machine.row.status is MachineStatus.DRAINED


def test_a_gated_task_with_a_checkpoint_goes_back_to_the_queue_with_its_gate_open(
    lead: Developer, machine: Driven
) -> None:
    task = at_a_gate(machine)
    wants_drained(machine, lead)
    assert state(task) == QUEUED
    assert live(task).outcome is AttemptOutcome.HANDED_OVER
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    assert gates.open_gate(task)

    elsewhere = make_driven()
    assert dispatch.assign_queued() == 0, "nobody has answered yet"
    gates.confirm(make_developer(role=SystemRole.ADMIN), task.id, 1, "confirm")
    assert dispatch.assign_queued() == 1
    assert elsewhere.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_gated_task_without_a_checkpoint_stays_and_goes_on_there(
    lead: Developer, machine: Driven
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    wants_drained(machine, lead)
    drains.sweep(now())
    assert state(task) == GATE
    gates.confirm(make_developer(role=SystemRole.ADMIN), task.id, 1, "confirm")
    assert machine.orders() == [(Want.RUN, task.id, 1)]


def test_a_task_that_comes_to_its_gate_on_a_draining_machine_is_handed_over_soon(
    lead: Developer, machine: Driven
) -> None:
    task = running(machine, gated=True)
    wants_drained(machine, lead)
    machine.checkpoints(task)
    machine.finishes(task)
    assert state(task) == GATE
    assert drains.sweep(now()) == 1
    assert state(task) == QUEUED
    assert drains.sweep(now()) == 0


@pytest.mark.parametrize("end", ["reject", "cancel"])
def test_the_machine_is_told_what_has_ended_at_a_gate_so_that_the_machine_can_be_drained(
    lead: Developer, machine: Driven, end: str
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    wants_drained(machine, lead)
    admin = make_developer(role=SystemRole.ADMIN)
    if end == "cancel":
        tasks.cancel(admin, task.id)
    else:
        gates.confirm(admin, task.id, 1, "reject")
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    machine.say(task, frames.Stopped())
    assert machine.orders() == []


def test_a_drain_outlives_a_disconnect(lead: Developer, machine: Driven) -> None:
    task = running(machine)
    wants_drained(machine, lead)
    liveness.notice(now() + timedelta(seconds=40))
    assert machine.row.status is MachineStatus.DRAINING
    machine.hello(held(task))
    assert machine.row.status is MachineStatus.DRAINING
    assert state(task) == (TaskStatus.RUNNING, None)


def test_checkpoints_stay_as_long_as_a_task_may_go_on_from_them(
    lead: Developer, machine: Driven
) -> None:
    task = at_a_gate(machine)
    wants_drained(machine, lead)
    machine.orders()
    live(task).forget_at = now() - timedelta(days=1)
    db.session.commit()
    assert machine.orders() == []
    tasks.cancel(make_developer(role=SystemRole.ADMIN), task.id)
    collection.sweep(now())
    assert machine.orders() == [(Want.FORGET, task.id, 0)]


# ---- past the deadline ---------------------------------------------------------------------------


def test_past_the_deadline_the_rest_is_stopped_and_queued_again(
    lead: Developer, machine: Driven
) -> None:
    task = running(machine)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.orders()
    machine.say(task, frames.StageStarted(1))
    wants_drained(machine, lead, seconds=60)
    assert drains.sweep(now() + timedelta(seconds=59)) == 0
    later = now() + timedelta(seconds=61)
    assert drains.sweep(later) == 1
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    assert events_of(task)[-1] is E.REQUEUED

    elsewhere = make_driven()
    assert dispatch.assign_queued() == 0, "its processes may still live"
    machine.say(task, frames.Stopped())
    assert dispatch.assign_queued() == 1
    assert elsewhere.orders() == [(Want.RUN, task.id, 1)]


def test_a_deadline_stops_no_task_that_counts_as_lost(lead: Developer, machine: Driven) -> None:
    task = running(machine)
    for _ in range(3):  # more than maxAttempts
        wants_drained(machine, lead, seconds=0)
        machine.say(task, frames.Stopped())
        assert state(task) == QUEUED
        drains.undrain(lead, machine.machine_id)
        dispatch.assign_queued()
        machine.begins(task)


def test_past_the_deadline_a_question_about_work_that_goes_is_withdrawn(
    lead: Developer, machine: Driven
) -> None:
    task = at_a_gate(machine, checkpoint=False)
    wants_drained(machine, lead, seconds=0)
    assert (state(task), task.stage_index) == (QUEUED, 0)
    assert gates.open_gate(task) is None
    assert machine.orders() == [(Want.STOP, task.id, 0)]


def test_the_deadline_holds_for_a_machine_that_is_not_heard_of(
    lead: Developer, machine: Driven
) -> None:
    task = running(machine)
    wants_drained(machine, lead, seconds=60)
    liveness.notice(now() + timedelta(seconds=40))
    drains.sweep(now() + timedelta(seconds=61))
    assert state(task) == QUEUED
    make_driven()
    assert dispatch.assign_queued() == 0, "its lease is not over"


# ---- the intent ----------------------------------------------------------------------------------


def test_a_second_drain_changes_nothing_but_what_it_names(lead: Developer, machine: Driven) -> None:
    drains.drain(lead, machine.machine_id, note="new disk")
    first = reads.get(machine.machine_id).drain
    other = make_developer(role=SystemRole.ADMIN)
    assert drains.drain(other, machine.machine_id).drain == first
    again = drains.drain(other, machine.machine_id, deadline_seconds=60).drain
    assert again
    assert first
    assert again.pop("deadline") > now()
    assert first.pop("deadline") is None
    assert again == first


@pytest.mark.parametrize("connected", [True, False])
def test_an_undrained_machine_is_online_if_it_is_there(
    lead: Developer, machine: Driven, connected: bool
) -> None:
    wants_drained(machine, lead)
    machine.row.connected = connected
    db.session.commit()
    for _ in range(2):
        view = drains.undrain(lead, machine.machine_id)
        assert view.machine.status == ("online" if connected else "offline")
        assert view.drain is None


def test_developers_may_not_drain(app: Flask, machine: Driven) -> None:
    for act in (drains.drain, drains.undrain):
        with pytest.raises(Forbidden):
            act(make_developer(), machine.machine_id)
    assert machine.row.status is MachineStatus.ONLINE


def test_what_is_not_there_cannot_be_drained(lead: Developer) -> None:
    gone = make_machine(status=MachineStatus.DECOMMISSIONED, connected=False)
    for act in (drains.drain, drains.undrain):
        with pytest.raises(MachineDecommissioned):
            act(lead, gone.id)
        db.session.rollback()
        with pytest.raises(NotFound):
            act(lead, uuid.uuid4())
        db.session.rollback()


def test_drained_said_of_an_earlier_time_does_not_count_while_a_task_is_on_its_way(
    lead: Developer, machine: Driven
) -> None:
    create()
    dispatch.assign_queued()
    wants_drained(machine, lead)
    says_drained(machine)
    assert machine.row.status is MachineStatus.DRAINING


# ---- a full disk ---------------------------------------------------------------------------------


def look(machine: Driven, percent: float, generation: int | None = None) -> None:
    speaks = machine.generation if generation is None else generation
    drains.look_at_disk(machine.machine_id, speaks, percent, now())


def test_a_machine_whose_disk_is_too_full_is_drained_with_the_reason(machine: Driven) -> None:
    look(machine, 93.4)
    view = reads.get(machine.machine_id)
    assert view.machine.status is MachineStatus.DRAINING
    assert view.drain is not None
    assert (view.drain["by"], view.drain["note"]) == (None, "its disk is 93 % full")


def test_who_takes_it_back_knows_better_until_there_was_room(
    lead: Developer, machine: Driven
) -> None:
    beat(machine, 93.4)
    look(machine, 93.4)
    drains.undrain(lead, machine.machine_id)
    look(machine, 95)
    assert machine.row.status is MachineStatus.ONLINE
    look(machine, 60)
    look(machine, 91)
    assert machine.row.status is MachineStatus.DRAINING


def beat(machine: Driven, percent: float) -> None:
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id)
    sign.metrics = {"diskPercent": percent}
    db.session.commit()


def test_a_drain_of_a_persons_is_not_explained_away(lead: Developer, machine: Driven) -> None:
    drains.drain(lead, machine.machine_id, note="new kernel")
    look(machine, 93.4)
    assert machine.row.drain_note == "new kernel"


def test_a_replaced_connections_disk_drains_nothing(machine: Driven) -> None:
    look(machine, 93.4, machine.generation - 1)
    assert machine.row.status is MachineStatus.ONLINE
