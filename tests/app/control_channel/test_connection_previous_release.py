"""A machine of the release before messages runs tasks as it did. Its agents read none: people see
that, and what they wrote before goes with the prompt."""

import json
import uuid
from typing import Any

from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.models import Developer
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from muster.protocol import codec, frames
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import assign, status, wait_for
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.conftest import access_token_of
from tests.factories import make_developer, make_project

STAGES = [{"name": name, "command": "Do it.", "kind": "agent"} for name in ("one", "two")]
DIFF = frames.DiffStat(1, 1, 0)
NEW = {"message", "interrupt"}
"""Types of frames that it hangs up on."""


class EarlierMachine:
    """What the server and a simulated machine say as text. `types` are of the server's frames."""

    def __init__(self, machine: SimulatedMachine) -> None:
        self.machine = machine
        self.types: set[str] = set()
        receive = machine._receive

        def receive_and_check(seconds: float) -> None:
            before = len(machine.inbox)
            receive(seconds)
            self.types |= {
                json.loads(codec.encode(each))["type"] for each in machine.inbox[before:]
            }

        machine._receive = receive_and_check  # type: ignore[method-assign]

    def connect(self) -> None:
        hello = codec.encode(self.machine.hello())
        assert "takesMessages" not in str(hello), "it doesn't know that field"
        self.machine.connect()


class Person:
    """Who uses the console."""

    def __init__(self, rows: Flask, task_id: int) -> None:
        self._client, self._path = rows.test_client(), f"/api/web/tasks/{task_id}"
        admin: Developer = make_developer(role=SystemRole.ADMIN)
        self._headers = {"Authorization": f"Bearer {access_token_of(admin)}"}

    def read(self, what: str = "") -> Any:
        return self._client.get(self._path + what, headers=self._headers).json

    def try_to(self, route: str, **body: Any) -> tuple[int, str | None]:
        answer = self._client.post(f"{self._path}/{route}", json=body, headers=self._headers)
        return answer.status_code, answer.json.get("code")


def test_a_machine_of_the_previous_release_runs_a_task_as_it_did(
    new_machine: MakeMachine, rows: Flask
) -> None:
    earlier = EarlierMachine(new_machine())
    earlier.connect()
    machine = earlier.machine
    task = assign(machine, pipeline=STAGES, agent_type="claude")
    person = Person(rows, task.id)

    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.wait_until_acked()
    assert person.read()["messages"] == {"state": "none", "reason": "not_supported"}
    assert not {"message", "interrupt"} & {*person.read()["allowedActions"]}
    assert person.try_to("messages", text="Use make.") == (409, "no_messages")
    assert person.try_to("interrupt") == (409, "no_messages")

    end = machine.write(order, b"done\n")
    machine.report(order, frames.StageFinished(stage_index=0, log_end=end, how="exit"))
    order = machine.wait_for(frames.RunStage)
    assert (order.stage_index, order.messages) == (1, [])
    machine.report(order, frames.StageStarted(stage_index=1))
    machine.report(order, frames.StageFinished(stage_index=1, log_end=end, how="exit"))
    machine.publish(order, DIFF)
    wait_for(lambda: status(task) is TaskStatus.COMPLETED)
    assert not earlier.types & NEW


def test_it_gets_what_waited_at_the_end_of_the_prompt(
    new_machine: MakeMachine, rows: Flask
) -> None:
    earlier = EarlierMachine(new_machine())
    machine = earlier.machine
    project = make_project(pipeline=STAGES, agent_type="claude")
    admin = make_developer(role=SystemRole.ADMIN)
    task = tasks.create(
        admin,
        project_key=project.key,
        description="Do it.",
        machine_id=uuid.UUID(machine.machine_id),
    )
    person = Person(rows, task.id)
    assert person.try_to("messages", text="Use make.") == (201, None)
    earlier.connect()
    assert dispatcher.assign_queued() == 1
    order = machine.wait_for(frames.RunStage)
    assert order.messages == []
    assert order.text.endswith("Use make.")
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.wait_until_acked()
    [message] = person.read("/messages")["items"]
    assert (message["state"], message["stageIndex"]) == ("delivered", 0)
    assert not earlier.types & NEW
