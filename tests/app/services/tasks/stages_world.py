"""What tests of whole lives share: who acts, a machine, and tasks on it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.sandbox import SandboxLevel
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from tests.app.services.fake_machine import FakeMachine, make_driven
from tests.factories import make_developer, make_project

DEVELOP = {"name": "develop", "command": "{description}", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "make test", "kind": "shell", "timeout": 60}
SHIP = {"name": "ship", "command": "Ship: {input}", "kind": "agent", "timeout": 60}


@pytest.fixture
def actor(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


Create = Callable[..., Task]


@pytest.fixture
def create(actor: Developer) -> Create:
    def make(
        pipeline: list[dict[str, Any]] | None = None,
        min_sandbox: SandboxLevel | None = None,
        **fields: Any,
    ) -> Task:
        project = make_project(pipeline=pipeline or [DEVELOP], min_sandbox=min_sandbox)
        return tasks.create(actor, project_key=project.key, description="Do it.", **fields)

    return make


def at_the_gate(
    machine: FakeMachine,
    create: Create,
    *,
    checkpoint: bool = True,
    min_sandbox: SandboxLevel | None = None,
    **fields: Any,
) -> Task:
    """A task that has done its first stage and waits before its second."""
    task = create([DEVELOP, {**CHECK, "confirm": True}], min_sandbox=min_sandbox, **fields)
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    if checkpoint:
        machine.report_checkpoint(task)
    machine.report_finished(task)
    return task
