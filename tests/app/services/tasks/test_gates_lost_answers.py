"""An answer is about work: where that is lost it is asked for again, and else it counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.errors import NoOpenGate
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Gate, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import drains, liveness, machine_admin, orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    latest_order,
    make_driven,
    make_live,
    state,
    warnings_of,
)
from tests.factories import make_developer, make_project, make_server_process

LATER = timedelta(seconds=601)
QUEUED = (TaskStatus.QUEUED, None)
ASKED = (TaskStatus.SUSPENDED, SuspendReason.GATE)
WITHDRAWN = "the answer is withdrawn: its work is lost and will be done again"

Loss = Callable[[Developer, FakeMachine, Task], object]


def stage(name: str, **gate: object) -> dict[str, object]:
    return {"name": name, "command": "x", "kind": "shell", "timeout": 60, **gate}


@pytest.fixture
def admin(app: Flask) -> Developer:
    make_server_process()
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


def answered(
    admin: Developer, machine: FakeMachine, *stages: dict[str, object], checkpoint: bool
) -> Task:
    """Its first stage is done, and the second one's question is answered: red."""
    project = make_project(pipeline=list(stages), max_attempts=5)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    do(machine, task, 0, checkpoint=checkpoint)
    gates.confirm_stage(admin, task.id, 1, "red", "this one")
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    return task


def do(machine: FakeMachine, task: Task, index: int, *, checkpoint: bool = False) -> None:
    machine.orders()
    machine.report_started(task, index)
    if checkpoint:
        machine.report_checkpoint(task, index)
    machine.report_finished(task, index)


def ordered_choice(task: Task, index: int) -> str:
    wanted = latest_order(task)
    assert wanted.stage_index == index
    return orders.build_run_order(wanted).variables["choice"]


TWO = (stage("write"), stage("ship", choices=["red", "blue"]))


def reboots(_: Developer, machine: FakeMachine, task: Task) -> None:
    machine.hello()


def loses_it(_: Developer, machine: FakeMachine, task: Task) -> None:
    machine.report_started(task, 1)
    machine.report_on(task, frames.Lost("its shim is gone"))


def stays_away(_: Developer, machine: FakeMachine, task: Task) -> None:
    liveness.detect_silent(now() + LATER)
    liveness.expire_leases(now() + LATER)
    machine.hello()


def outlives_a_drain(admin: Developer, machine: FakeMachine, task: Task) -> None:
    drains.drain(admin, machine.machine_id, deadline_seconds=0)
    machine.report_on(task, frames.Stopped())
    drains.undrain(admin, machine.machine_id)


LOSSES = pytest.mark.parametrize("lose", [reboots, loses_it, stays_away, outlives_a_drain])


@LOSSES
def test_an_answer_about_work_that_is_lost_is_asked_for_again(
    lose: Loss, admin: Developer, machine: FakeMachine
) -> None:
    task = answered(admin, machine, *TWO, checkpoint=False)
    lose(admin, machine, task)
    assert (state(task), task.stage_index) == (QUEUED, 0)
    assert warnings_of(task) == [WITHDRAWN]
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(admin, task.id, 1, "blue")
    db.session.rollback()
    assert dispatcher.assign_queued() == 1
    do(machine, task, 0)
    assert state(task) == ASKED
    gates.confirm_stage(admin, task.id, 1, "blue")
    assert ordered_choice(task, 1) == "blue"
    assert [e for e in events_of(task) if e in (E.SUSPENDED, E.CONFIRMED, E.WARNING)] == [
        *[E.SUSPENDED, E.CONFIRMED, E.WARNING],
        *[E.SUSPENDED, E.CONFIRMED],
    ]


@LOSSES
def test_an_answer_about_work_that_is_kept_counts(
    lose: Loss, admin: Developer, machine: FakeMachine
) -> None:
    task = answered(admin, machine, *TWO, checkpoint=True)
    lose(admin, machine, task)
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert dispatcher.assign_queued() == 1
    assert machine.orders()[-1] == (DesiredAction.RUN, task.id, 1)
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"
    assert ordered_choice(task, 1) == "red"
    assert warnings_of(task) == []


def test_a_machine_that_is_decommissioned_takes_what_was_approved_with_it(
    admin: Developer, machine: FakeMachine
) -> None:
    task = answered(admin, machine, *TWO, checkpoint=False)
    machine_admin.decommission(admin, machine.machine_id, dead=True)
    assert (state(task), task.stage_index) == (QUEUED, 0)
    assert warnings_of(task) == [WITHDRAWN]
    assert db.session.get(Gate, (task.id, 1, 1, 0)) is None


def test_what_was_said_stays_in_the_history(admin: Developer, machine: FakeMachine) -> None:
    task = answered(admin, machine, *TWO, checkpoint=False)
    machine.hello()
    query = db.select(Event).where(Event.task_id == task.id, Event.type == E.CONFIRMED)
    event = db.session.scalars(query).one()
    answered_by = {"id": admin.id, "name": admin.name}
    about = {"comment": "this one", "by": admin.id, "number": 0, "answeredBy": answered_by}
    assert event.data == {"result": "red", **about}


def test_only_what_comes_after_the_work_that_is_left_is_asked_again(
    admin: Developer, machine: FakeMachine
) -> None:
    three = (*TWO, stage("tell", confirm=True))
    task = answered(admin, machine, *three, checkpoint=True)
    do(machine, task, 1)
    gates.confirm_stage(admin, task.id, 2, "confirm")
    machine.hello()
    assert (state(task), task.stage_index) == (QUEUED, 1)
    assert warnings_of(task) == [WITHDRAWN]
    dispatcher.assign_queued()
    assert ordered_choice(task, 1) == "red"
    do(machine, task, 1)
    assert (state(task), task.stage_index) == (ASKED, 2)


def test_what_is_lost_in_the_push_without_a_checkpoint_is_approved_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = answered(admin, machine, *TWO, checkpoint=False)
    do(machine, task, 1)
    machine.hello()
    assert (state(task), task.stage_index) == (QUEUED, 0)
    dispatcher.assign_queued()
    do(machine, task, 0)
    assert state(task) == ASKED


def test_the_first_stages_answer_is_about_no_work_and_counts(
    admin: Developer, machine: FakeMachine
) -> None:
    project = make_project(pipeline=[stage("write", confirm=True)])
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    gates.confirm_stage(admin, task.id, 0, "confirm")
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.hello()
    assert state(task) == QUEUED
    assert dispatcher.assign_queued() == 1
    assert warnings_of(task) == []
