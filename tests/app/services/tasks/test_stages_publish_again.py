"""A machine that is lost while it pushes: the work is not done again, only the push."""

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptPhase
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Event, Task
from app.services import encryption
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness, orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    latest_order,
    make_driven,
    make_held_attempt,
    make_live,
    status,
)
from tests.factories import make_developer, make_project, make_server_process

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


def pushing(admin: Developer, machine: FakeMachine, *, checkpoint: bool = True) -> Task:
    sealed = encryption.encrypt("token")
    project = make_project(pipeline=[DEVELOP, CHECK], git_token=sealed)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    for stage in (0, 1):
        machine.orders()
        machine.report_started(task, stage)
        if checkpoint:
            machine.report_checkpoint(task, stage)
        machine.report_finished(task, stage)
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    return task


def lost(machine: FakeMachine) -> None:
    machine.hello()


def test_a_task_that_is_lost_while_publishing_is_only_pushed_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = pushing(admin, machine)
    lost(machine)
    assert status(task) is TaskStatus.QUEUED
    assert (task.stage_index, task.current_stage_index) == (2, 1)
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/1"
    machine.report_on(task, frames.Accepted())
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
    assert events_of(task).count(E.STAGE_STARTED) == 2


def test_the_order_that_begins_an_attempt_says_where_the_work_is(
    admin: Developer, machine: FakeMachine
) -> None:
    task = pushing(admin, machine)
    onto = frames.TaskBranch(f"muster/{task.id}")
    assert orders.build_publish_order(latest_order(task)) == frames.Publish(
        task.id, 1, onto=onto, commit="c0ffee"
    )
    lost(machine)
    dispatcher.assign_queued()
    order = orders.build_publish_order(latest_order(task))
    assert order.repo is not None
    assert (order.repo.resume_from, order.repo.token) == (f"refs/muster/{task.id}/1/1", "token")
    assert order.author is not None


def test_no_event_names_a_stage_that_is_not_there(admin: Developer, machine: FakeMachine) -> None:
    task = pushing(admin, machine)
    lost(machine)
    dispatcher.assign_queued()
    tasks.cancel(admin, task.id)
    query = db.select(Event.stage_index).where(Event.task_id == task.id)
    assert {index for index in db.session.scalars(query) if index is not None} == {0, 1}


def test_without_the_last_checkpoint_the_last_stage_is_done_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = pushing(admin, machine, checkpoint=False)
    lost(machine)
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_a_push_that_is_lost_twice_is_pushed_from_the_same_checkpoint(
    admin: Developer, machine: FakeMachine
) -> None:
    task = pushing(admin, machine)
    task.project.max_attempts = 3
    db.session.commit()
    lost(machine)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_on(task, frames.Accepted())
    lost(machine)
    dispatcher.assign_queued()
    attempt = make_live(task)
    assert (attempt.number, attempt.phase) == (3, AttemptPhase.PUBLISH)
    assert attempt.resume_from == f"refs/muster/{task.id}/1/1"


def test_a_push_that_nobody_has_heard_of_yet_is_not_given_to_another(
    admin: Developer, machine: FakeMachine
) -> None:
    make_server_process()
    task = pushing(admin, machine)
    lost(machine)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_on(task, frames.Accepted())
    liveness.detect_silent(now() + timedelta(seconds=40))
    assert status(task) is TaskStatus.ASSIGNED
    machine.hello(make_held_attempt(task, "published", -1))
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
