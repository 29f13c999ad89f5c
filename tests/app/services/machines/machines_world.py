"""What tests of a machine's return share: tasks that it may have on its hands."""

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.task import SuspendReason, TaskStatus
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from tests.app.services.fake_machine import FakeMachine
from tests.factories import make_project, make_server_process

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}
SILENCE, LEASE = timedelta(seconds=40), timedelta(seconds=601)


@pytest.fixture(autouse=True)
def served(app: Flask) -> None:
    """A silent machine's losses count."""
    make_server_process()


def assigned(
    admin: Developer, machine: FakeMachine, *, gated: bool = False, limit: int = 2
) -> Task:
    project = make_project(pipeline=[DEVELOP, {**CHECK, "confirm": gated}], max_attempts=limit)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    return task


def running(admin: Developer, machine: FakeMachine, *, gated: bool = False, limit: int = 2) -> Task:
    task = assigned(admin, machine, gated=gated, limit=limit)
    machine.report_started(task)
    return task


def at_a_gate(admin: Developer, machine: FakeMachine, *, checkpoint: bool = True) -> Task:
    task = running(admin, machine, gated=True)
    if checkpoint:
        machine.report_checkpoint(task)
    machine.report_finished(task)
    return task


LOST = (TaskStatus.SUSPENDED, SuspendReason.MACHINE_LOST)
GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)
RUNNING = (TaskStatus.RUNNING, None)
QUEUED = (TaskStatus.QUEUED, None)
FAILED = (TaskStatus.FAILED, None)
