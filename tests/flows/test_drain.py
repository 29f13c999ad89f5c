"""A machine is drained while it works, with only real parts."""

from typing import Any

import pytest

from tests.flows.running_stack import RunningStack, wait_for


def test_a_drained_machine_has_done_its_work_first(
    running: RunningStack, request: pytest.FixtureRequest
) -> None:
    flag = running.machine.directory / "flag-drain"
    wait = f"echo up; until [ -e {flag} ]; do sleep 0.05; done"
    stage = {"name": "wait", "kind": "shell", "command": wait}
    task = running.task(running.project("DRAIN", stage))
    task.wait_until_logged(b"up")
    path = f"/api/web/machines/{task.now()['machineId']}"
    request.addfinalizer(lambda: running.api.post(f"{path}/undrain", {}))

    def status() -> Any:
        return running.api.get(path)["status"]

    drained = running.api.post(f"{path}/drain", {"note": "new disk"})
    assert (drained["status"], drained["drain"]["note"]) == ("draining", "new disk")
    behind = running.task("DRAIN", "Not here.")
    flag.touch()
    task.wait_for_status("completed")
    wait_for(lambda: status() == "drained", "drained machine")
    assert behind.now()["status"] == "queued"
    assert running.api.post(f"{path}/undrain", {})["status"] == "online"
    behind.wait_for_status("completed")
    assert status() == "online"
