"""Servers and workers of different versions: an upgrade stops nothing, in the right order."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from muster.protocol import frames, version
from muster.protocol.frames import CloseCode
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import assign
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.gunicorns import Gunicorn, gunicorn


@pytest.fixture
def later(served_environment: dict[str, str], tmp_path: Path) -> Iterator[Gunicorn]:
    """A server of the next release, on the same database."""
    env = {**served_environment, "MUSTER_HOME": str(tmp_path), "MUSTER_WEB_WORKERS": "1"}
    with gunicorn(tmp_path, env, app="tests.app.control_channel.later_server:app") as running:
        yield running


def refusal(machine: SimulatedMachine, hello: dict[str, Any]) -> tuple[int, str]:
    """Code and reason of the hang-up."""
    machine.dial()
    machine.socket.send(json.dumps({"type": "hello", **hello}))
    with pytest.raises(ConnectionClosed) as closed:
        machine.socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_a_worker_of_the_version_before_works_on_with_an_upgraded_server(
    new_machine: MakeMachine, later: Gunicorn
) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.wait_until_acked()
    machine.url = later.url
    held = frames.TrackedAttempt(task.id, 1, 0, "working", 0)
    welcome = machine.connect(held)
    assert welcome.protocol == version.CURRENT, "the worker's version, or it would hang up"
    machine.report(order, frames.StageFinished(stage_index=0, log_end=0, how="exit"))
    assert machine.wait_for(frames.RunStage).stage_index == 1


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="that says no more"),
        pytest.param({"attempts": "told in a new way"}, id="that says it in a new way"),
    ],
)
def test_a_worker_that_is_newer_than_the_server_is_told_what_to_do(
    new_machine: MakeMachine, more: dict[str, Any]
) -> None:
    newer = version.CURRENT + 1
    code, reason = refusal(new_machine(), {"protocol": newer, **more})
    assert code == CloseCode.UNSUPPORTED_VERSION
    assert reason == (
        f"protocol {newer} is too new (at most {version.CURRENT}): upgrade the server first"
    )


def test_a_worker_of_two_versions_before_is_told_what_to_do(
    new_machine: MakeMachine, later: Gunicorn
) -> None:
    machine = new_machine()
    machine.url = later.url
    code, reason = refusal(machine, {"protocol": version.CURRENT - 1})
    assert code == CloseCode.UNSUPPORTED_VERSION
    assert reason == (
        f"protocol {version.CURRENT - 1} is too old (at least {version.CURRENT}): "
        "install the server's release, then run: python -m muster worker run"
    )
