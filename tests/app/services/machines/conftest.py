"""Who acts on machines here, a machine that has said hello, and a task that runs on it."""

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from tests.app.services.fake_machine import FakeMachine, make_driven
from tests.factories import make_developer, make_project

STAGES = [
    {"name": name, "command": "x", "kind": "shell", "timeout": 60} for name in ("a", "b", "c")
]


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def lead(app: Flask) -> Developer:
    return make_developer(role=SystemRole.LEAD)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


@pytest.fixture
def task(admin: Developer, machine: FakeMachine) -> Task:
    """A task that runs its first stage on the machine."""
    project = make_project(pipeline=STAGES)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task
