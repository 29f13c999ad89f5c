"""A reviewed task whose machine is heard of no more: it goes on elsewhere, from its checkpoint."""

import signal

import pytest

from tests.flows.conftest import running
from tests.flows.running_stack import RunningStack, wait_for
from tests.flows.test_another_machine import drain
from tests.flows.test_review import (
    another_machine,
    approve,
    at_its_gate,
    follow_up,
    review,
    see_the_second_round,
    words_of,
)
from tests.muster.worker.repositories import as_root

__all__ = ["running"]  # a fixture


@as_root
def test_a_reviewed_task_goes_on_elsewhere_where_its_machine_falls_silent(
    running: RunningStack, request: pytest.FixtureRequest
) -> None:
    task = at_its_gate(running, "SILENT")
    first, made = task.now()["machineId"], review(task, "comment")
    second = another_machine(running)
    request.addfinalizer(lambda: drain(running, second))
    daemon = running.stack.processes["machine-1"]
    daemon.send_signal(signal.SIGSTOP)
    request.addfinalizer(lambda: daemon.send_signal(signal.SIGCONT))
    path = f"/api/web/machines/{first}"
    wait_for(lambda: running.api.get(path)["status"] == "offline", "silence")
    follow_up(task, made["review"]["id"])
    see_the_second_round(task)
    assert task.now()["machineId"] == second
    assert f"began anew: {task.id}-2" in words_of(task, 2)
    approve(task)
