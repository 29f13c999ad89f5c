"""How a task gets into each state of `state_table`, while its pages are open."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from tests.e2e.world import scenes
from tests.e2e.world.stage import TaskView, World
from tests.wait import wait_until

SECONDS = 20.0  # for an answer to arrive

States = Iterator[str]

_WRITE = {"name": "write", "command": "{description}"}
_SHELL = {"kind": "shell", "command": "true"}


# ---- projects of their own -----------------------------------------------------------------------


def own_project(key: str, *pipeline: Mapping[str, Any]) -> Callable[[World], str]:
    """A function that creates the project, with the pages' repository."""

    def create(world: World) -> str:
        _create_project(world, key, world.repositories["handbook"].url, pipeline)
        return key

    return create


def stalled_project(world: World) -> str:
    """A project whose repository accepts connections, and never answers."""
    host, port = _listener().getsockname()
    _create_project(world, "stalled", f"http://{host}:{port}/pages.git", [_WRITE])
    return "stalled"


@cache
def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _create_project(world: World, key: str, url: str, pipeline: Any) -> None:
    fields = {"key": key, "name": key, "agentType": "claude", "repoUrl": url}
    world.admin.post("/api/admin/projects", {**fields, "pipeline": list(pipeline)})
    people = world.admin.get("/api/admin/developers")["items"]
    [alice] = [person["id"] for person in people if person["name"] == "alice"]
    member = {"developerId": alice, "role": "maintainer"}
    world.admin.post(f"/api/admin/projects/{key}/members", member)


# ---- the states ----------------------------------------------------------------------------------


def waiting(task: TaskView) -> States:
    yield "queued"
    task.act("cancel")
    yield "cancelled"


def asked(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    yield "suspended: gate, confirm"
    task.answer("confirm", comment="Go.")
    wait_until(lambda: task.now()["lastAnswer"] is not None, "the answer", SECONDS)
    yield "answered"
    task.wait_for_status("completed")
    yield "completed"


def rejected(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    task.answer("reject", comment="Not on a Friday.")
    yield "rejected"


def withdrawn(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    task.act("follow-ups", instruction="Once more", fromStage=0)
    task.wait_for_round(2)
    yield "withdrawn"
    task.act("cancel")


def asking(task: TaskView) -> States:
    task.wait_for_status("running")
    yield "running"
    task.wait_for_status("suspended", "question")
    yield "suspended: question"
    task.act("cancel")


def messaging(task: TaskView) -> States:
    """Its agent reads a message at its next step."""
    task.wait_for_status("running")
    send_message(task)
    wait_for_message(task, "delivered")
    yield "running: message, delivered"
    task.act("cancel")


def unheard(task: TaskView) -> States:
    """Its agent is at one step for long, and is stopped there."""
    task.wait_for_status("running")
    wait_until(lambda: b"on-call.md" in task.log(), "step", SECONDS)
    send_message(task)
    yield "running: message, waiting"
    task.act("cancel")
    wait_for_message(task, "unconfirmed")
    yield "cancelled: message, unconfirmed"


def unsent(task: TaskView) -> States:
    send_message(task)
    yield "queued: message, waiting"
    task.act("cancel")
    yield "cancelled: message, returned"


def send_message(task: TaskView) -> None:
    task.act("messages", text="Keep the old name, please.")


def wait_for_message(task: TaskView, state: str) -> None:
    def has_state() -> bool:
        return [each["state"] for each in task.messages()] == [state]

    wait_until(has_state, f"{state} message", SECONDS)


def permitting(task: TaskView) -> States:
    task.wait_for_status("suspended", "question")
    yield "suspended: question, permission"
    task.act("cancel")


def choosing(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    yield "suspended: gate, choices"
    task.act("cancel")


def spending(task: TaskView) -> States:
    task.wait_for_status("suspended", "budget")
    yield "suspended: budget"
    task.act("cancel")


def limited(task: TaskView) -> States:
    task.wait_for_status("suspended", "quota")
    yield "suspended: quota"
    task.act("cancel")


def failing(task: TaskView) -> States:
    task.wait_for_status("failed")
    yield "failed"


def draining(task: TaskView) -> States:
    """The machine with its workspace drains: it is queued, and its question stays open."""
    task.wait_for_status("suspended", "gate")
    machine = f"/api/web/machines/{task.now()['machineId']}"
    task.world.people["mei"].post(f"{machine}/drain", {"note": "a new disk"})
    try:
        task.wait_for_status("queued")
        yield "draining"
    finally:
        task.world.people["mei"].post(f"{machine}/undrain", {})
    task.act("cancel")


def losing(task: TaskView) -> States:
    """Nothing of its machine is left, until it starts again."""
    task.wait_for_status("running")
    name = task.now()["machineName"]
    machine = task.world.machines[name]
    machine.silence()
    try:
        task.wait_for_status("suspended", "machine_lost")
        yield "suspended: machine_lost"
    finally:
        agents = task.world.agents
        machine.start(f"{agents}:{os.environ.get('PATH', os.defpath)}", [str(agents)])
    task.act("cancel")


def preparing(task: TaskView) -> States:
    """Its repository doesn't answer: its machine prepares the workspace until that times out."""
    task.wait_for_status("assigned")
    yield "assigned"
    task.act("cancel")


def typing(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    yield "suspended: gate, input"
    task.answer("Northmoor").wait_for_status("completed")


def overtaken(task: TaskView) -> States:
    """A person has pushed to the task's branch while it waited for the last answer."""
    task.wait_for_status("suspended", "gate")
    git = task.world.repositories["handbook"].git
    git("update-ref", f"refs/heads/{task.now()['taskBranch']}", git("rev-parse", "main"))
    task.answer("confirm")
    wait_for_gate(task, "branch")
    yield "suspended: gate, branch"
    task.act("cancel")


def uprooted(task: TaskView) -> States:
    """Its checkpoint's ref is deleted after its workspace is gone."""
    task.wait_for_status("suspended", "gate")
    machine = f"/api/web/machines/{task.now()['machineId']}"
    mei = task.world.people["mei"]
    mei.post(f"{machine}/drain", {"note": "a new disk"})
    try:
        task.wait_for_status("queued")
        git = task.world.repositories["handbook"].git
        for ref in git("for-each-ref", "--format=%(refname)", f"refs/muster/{task.id}/").split():
            git("update-ref", "-d", ref)
    finally:
        mei.post(f"{machine}/undrain", {})
    task.answer("confirm")
    wait_for_gate(task, "checkpoint")
    yield "suspended: gate, checkpoint"
    task.act("cancel")


def wait_for_gate(task: TaskView, kind: str) -> None:
    task.world.stack.check()
    wait_until(lambda: (task.now()["gate"] or {}).get("kind") == kind, f"{kind} gate", 240.0)


def archived(task: TaskView) -> States:
    """Its project takes no new work, and it keeps its state: also its open question."""
    task.wait_for_status("suspended", "gate")
    path = f"/api/web/projects/{task.now()['projectKey']}"
    task.world.people["alice"].put(path, {"archivedAt": "2030-01-31T12:00:00Z"})
    yield "archived, suspended"
    task.answer("confirm").wait_for_status("completed")
    yield "archived, completed"


class Scenario(NamedTuple):
    project: str | Callable[[World], str]
    text: str
    states: Callable[[TaskView], States]
    has_machine: bool = True
    who: str = "alice"
    fields: Mapping[str, Any] = {}


SCENARIOS = {
    "waiting": Scenario("handbook", "Wait", waiting, False, fields={"machineSelector": "no=such"}),
    "asked": Scenario("handbook", scenes.PAGES, asked),
    "rejected": Scenario("handbook", scenes.PAGES, rejected),
    "withdrawn": Scenario("handbook", scenes.PAGES, withdrawn),
    "asking": Scenario("handbook", "Name it [ask]", asking),
    "messaging": Scenario("handbook", "Measure it [slow]", messaging),
    "unheard": Scenario("handbook", "Measure it [deaf]", unheard),
    "unsent": Scenario("handbook", "Wait", unsent, False, fields={"machineSelector": "no=such"}),
    "permitting": Scenario("toolbox", "Test it", permitting),
    "choosing": Scenario("ingest", scenes.CSV, choosing, who="mei"),
    "spending": Scenario(
        "handbook", "Count [spend]", spending, fields={"budget": {"tokens": 60_000}}
    ),
    "limited": Scenario("storefront", scenes.CHECKOUT, limited),
    "failing": Scenario("handbook", "Give up [fail]", failing),
    "draining": Scenario("handbook", scenes.PAGES, draining),
    "preparing": Scenario(stalled_project, "Copy it", preparing),
    "typing": Scenario(
        own_project("letters", _WRITE, {**_SHELL, "name": "sign", "input": True}),
        scenes.PAGES,
        typing,
    ),
    "overtaken": Scenario("handbook", scenes.PAGES, overtaken),
    "uprooted": Scenario("handbook", scenes.PAGES, uprooted),
    "archived": Scenario(
        own_project("attic", _WRITE, {**_SHELL, "name": "publish", "confirm": True}),
        scenes.PAGES,
        archived,
    ),
    "losing": Scenario("handbook", "Measure it [slow]", losing),
}
