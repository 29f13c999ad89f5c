"""A task continues on another machine: two real ones, which share only the remote."""

import pytest

from app.server_cli.local.machines import LocalMachine, await_online
from tests.flows.running_stack import RunningStack, wait_for


def drain(running: RunningStack, machine_id: str) -> None:
    path = f"/api/web/machines/{machine_id}"
    running.api.post(f"{path}/drain", {})
    wait_for(lambda: running.api.get(path)["status"] == "drained", "drained machine")


def start_another(running: RunningStack) -> str:
    """Start a second machine; return its ID."""
    machine = LocalMachine(running.stack, running.machine.directory, 2)
    machine.enroll(running.api)
    machine.start(shown=[str(machine.directory)])
    await_online(running.stack, 2)
    found = running.api.get("/api/web/machines")["items"]
    return str(next(item["id"] for item in found if item["name"] == machine.name))


def test_a_retry_on_another_machine_begins_with_what_the_checkpoint_holds(
    running: RunningStack, request: pytest.FixtureRequest
) -> None:
    flag = running.machine.directory / "flag-elsewhere"
    build = f"test -e {flag} && cp one.txt two.txt && pwd"
    key = running.project(
        "ELSEWHERE",
        {"name": "first", "kind": "shell", "command": "echo one > one.txt"},
        {"name": "second", "kind": "shell", "command": build},
    )
    task = running.task(key)
    first = task.wait_for_status("failed")["machineId"]
    [checkpoint] = task.events("checkpoint")
    second = start_another(running)
    # It stays, drained, during later tests: no part of a stack may end by itself.
    request.addfinalizer(lambda: drain(running, second))
    drain(running, first)
    request.addfinalizer(lambda: running.api.post(f"/api/web/machines/{first}/undrain", {}))
    flag.touch()
    task.act("retry", {"fromStage": 1})
    done = task.wait_for_status("completed")
    assert (done["machineId"], done["attempt"]) == (second, 2)
    assert [event["stageIndex"] for event in task.events("stage_started")] == [0, 1, 1]
    assert b"/workspace\r\n" in task.log(), "under the same path on every machine"
    git = running.repository.git
    for name in ("one.txt", "two.txt"):
        assert git("show", f"{done['branch']}:{name}") == "one"
    commit = checkpoint["data"]["commit"]
    assert git("merge-base", commit, str(done["branch"])) == commit
