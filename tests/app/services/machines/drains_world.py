"""What tests of drains share: a task of two stages, and what a drain's two sides say."""

from app.domain.roles import SystemRole
from app.models import Developer, Task
from app.services.machines import drains
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine
from tests.factories import make_developer, make_project

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}


def create(*, gated: bool = False) -> Task:
    project = make_project(pipeline=[DEVELOP, {**CHECK, "confirm": gated}])
    actor = make_developer(role=SystemRole.ADMIN)
    return tasks.create(actor, project_key=project.key, description="Do it.")


def request_drain(machine: FakeMachine, actor: Developer, seconds: int | None = None) -> None:
    drains.drain(actor, machine.machine_id, deadline_seconds=seconds)


def report_drained(machine: FakeMachine) -> None:
    machine.apply([machine.report(0, 0, frames.Drained())])
