"""What was answered before the stage at which a retry begins still counts in it."""

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, latest_order, make_driven, state
from tests.factories import make_developer, make_project, make_server_process

STAGES = [
    {"name": "paint", "command": "x", "kind": "shell", "choices": ["red", "blue"]},
    {"name": "name", "command": "x", "kind": "shell", "input": True},
    {"name": "agent", "command": "Make {input} {choice}."},
    {"name": "shell", "command": "echo $MUSTER_INPUT", "kind": "shell"},
    {"name": "ship", "command": "Ship {input} {choice}.", "choices": ["now", "later"]},
]
ASKED = (TaskStatus.SUSPENDED, SuspendReason.GATE)


@pytest.fixture
def admin(app: Flask) -> Developer:
    make_server_process()
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


def do(machine: FakeMachine, task: Task, index: int) -> None:
    machine.orders()
    machine.report_started(task, index)
    machine.report_checkpoint(task, index)
    machine.report_finished(task, index)


def failed_at_the_end(admin: Developer, machine: FakeMachine) -> Task:
    """All is answered and done but the last stage, which fails."""
    project = make_project(pipeline=STAGES)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    gates.confirm_stage(admin, task.id, 0, "red")
    dispatcher.assign_queued()
    do(machine, task, 0)
    gates.confirm_stage(admin, task.id, 1, "Ada")
    for index in (1, 2, 3):
        do(machine, task, index)
    gates.confirm_stage(admin, task.id, 4, "now")
    fail(machine, task, 4)
    return task


def fail(machine: FakeMachine, task: Task, index: int) -> None:
    machine.orders()
    machine.report_started(task, index)
    machine.report_finished(task, index, code=1)
    machine.report_on(task, frames.Stopped())
    assert state(task) == (TaskStatus.FAILED, None)


def ordered_input(task: Task, index: int) -> tuple[str, str, str]:
    wanted = latest_order(task)
    assert wanted.stage_index == index
    order = orders.build_run_order(wanted)
    return order.text, order.variables["choice"], order.variables["input"]


def test_stages_of_a_retry_are_told_what_was_answered_before(
    admin: Developer, machine: FakeMachine
) -> None:
    task = failed_at_the_end(admin, machine)
    tasks.retry(admin, task.id, 2)
    assert dispatcher.assign_queued() == 1
    db.session.refresh(task)
    assert ordered_input(task, 2) == ("Make Ada red.", "red", "Ada")
    do(machine, task, 2)
    assert ordered_input(task, 3) == ("echo $MUSTER_INPUT", "red", "Ada")
    do(machine, task, 3)
    # The question of a stage that is done again is asked again.
    assert state(task) == ASKED
    gates.confirm_stage(admin, task.id, 4, "later")
    assert ordered_input(task, 4) == ("Ship Ada later.", "later", "Ada")


def test_answers_go_along_through_several_retries(admin: Developer, machine: FakeMachine) -> None:
    task = failed_at_the_end(admin, machine)
    for _ in range(2):
        tasks.retry(admin, task.id, 3)
        assert dispatcher.assign_queued() == 1
        db.session.refresh(task)
        assert ordered_input(task, 3) == ("echo $MUSTER_INPUT", "red", "Ada")
        fail(machine, task, 3)


def test_a_retry_asks_its_own_stage_and_later_ones_anew(
    admin: Developer, machine: FakeMachine
) -> None:
    task = failed_at_the_end(admin, machine)
    tasks.retry(admin, task.id, 1)
    assert state(task) == ASKED
    assert gates.get_pending(admin, task.id).stage_index == 1
    query = db.select(Gate.stage_index, Gate.result).where(Gate.round == 2)
    kept = [tuple(row) for row in db.session.execute(query.order_by(Gate.stage_index))]
    assert kept == [(0, "red"), (1, None)]
    gates.confirm_stage(admin, task.id, 1, "Bob")
    assert dispatcher.assign_queued() == 1
    db.session.refresh(task)
    assert ordered_input(task, 1)[1:] == ("red", "Bob")


def test_a_retry_from_the_beginning_keeps_no_answer(admin: Developer, machine: FakeMachine) -> None:
    task = failed_at_the_end(admin, machine)
    tasks.retry(admin, task.id)
    assert gates.get_pending(admin, task.id).stage_index == 0
    assert db.session.scalar(db.select(db.func.count()).where(Gate.round == 2)) == 1
