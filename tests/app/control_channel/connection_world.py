"""What tests of the control channel share: tasks that come over it, and rows to wait for."""

import time
import uuid
from collections.abc import Callable
from typing import Any

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Machine, Task
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.factories import make_developer, make_project
from tests.wait import wait_until

RowOf = Callable[[SimulatedMachine], Machine]
STAGES = [
    {"name": name, "command": "true", "kind": "shell", "timeout": 60} for name in ("one", "two")
]


def assign(machine: SimulatedMachine, **given: Any) -> Task:
    """A task of two stages, assigned to that machine by a dispatcher in another process."""
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(**({"pipeline": STAGES} | given))
    task = tasks.create(
        admin,
        project_key=project.key,
        description="Do it.",
        machine_id=uuid.UUID(machine.machine_id),
    )
    assert dispatcher.assign_queued() == 1
    return task


def wait_for(condition: Callable[[], Any], limit: float = 10.0) -> Any:
    """Wait for rows to say so."""

    def pause() -> None:
        db.session.rollback()
        time.sleep(0.02)

    return wait_until(condition, seconds=limit, pause=pause)


def status(task: Task) -> TaskStatus:
    db.session.rollback()
    return db.session.get_one(Task, task.id, populate_existing=True).status
