"""Workers of releases before ours, in their own words: what is renamed here is on no wire."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import LogChunk, Task
from muster.protocol import version
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import assign, status, wait_for
from tests.app.control_channel.simulated_machine import LIMIT, SimulatedMachine

RECORDED_FRAMES = Path(__file__).with_name("frames_of_0_1_0.txt")


def test_a_worker_of_0_1_0_carries_a_task_out_for_our_server(new_machine: MakeMachine) -> None:
    assert version.is_supported(2)
    machine, task = new_machine(), None
    given = {"PROTOCOL": "2", "JWT": machine.worker_jwt, "MACHINE": machine.machine_id}
    for line in RECORDED_FRAMES.read_text().splitlines():
        if "TASK" in line and task is None:
            task = assign(machine, agent_type="custom", agent_command="true")
            given |= {"TASK": str(task.id)}
        replay_line(machine, line, given)
    assert task is not None
    wait_for(lambda: status(task) is TaskStatus.COMPLETED)
    result = db.session.get_one(Task, task.id).result or {}
    assert (result["commit"][:7], result["filesChanged"], result["pushed"]) == ("9b3f460", 1, True)
    log = sa.select(LogChunk.data).where(LogChunk.task_id == task.id).order_by(LogChunk.byte_offset)
    assert b"".join(db.session.scalars(log)) == b"one\r\ntwo\r\n"


def replay_line(machine: SimulatedMachine, line: str, given: dict[str, str]) -> None:
    """Say, or wait to hear, what the line says."""
    mark, _, words = line.partition(" ")
    if mark == "#":
        return
    if words.startswith("log "):
        task = f"{int(given['TASK']):016x}"
        machine.socket.send(bytes.fromhex(words.removeprefix("log ").replace("TASK", task)))
        return
    for name, value in given.items():
        words = words.replace(name, value)
    if '"type":"hello"' in words:
        machine.dial()
    if mark == ">":
        machine.socket.send(words)
    else:
        wait_for_frame(machine, json.loads(words.replace("ANY", '"ANY"')))


def wait_for_frame(machine: SimulatedMachine, wanted: dict[str, Any]) -> None:
    """Wait for it; what is said besides does not matter."""
    heard: list[Any] = []
    deadline = time.monotonic() + LIMIT
    while not heard or not fits(wanted, heard[-1]):
        try:
            message = machine.socket.recv(timeout=max(0.001, deadline - time.monotonic()))
        except TimeoutError:
            pytest.fail(f"no {wanted}, but {heard}")
        heard.append(json.loads(message))


def fits(wanted: Any, actual: Any) -> bool:
    """Whether it is what a worker of before knows. What it does not know it passes over."""
    if wanted == "ANY":
        return actual is not None
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(
            name in actual and fits(value, actual[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(wanted) == len(actual) and all(map(fits, wanted, actual))
    return bool(wanted == actual)
