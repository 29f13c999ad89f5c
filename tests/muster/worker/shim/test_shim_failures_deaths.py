"""Failures around a shim: its daemon dies, sends nonsense, or the shim dies itself."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.worker.shim.client import ShimGone, ShimRefused, attach, kill, read_state, reap
from muster.worker.shim.wire import VERSION, SocketAddress, pack_message
from tests.muster.worker.shim.stubborn import STAYING, STUBBORN, alive, pids, python
from tests.muster.worker.shim_stages import Stages

SOURCES = Path(__file__).parents[4]


def wait_until_dead(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([handle], [], [], 20)
    os.close(handle)
    assert ready, f"{pid} lives"


# Daemons die

DAEMON = """
import pathlib, sys, time
sys.path.append(sys.argv[1])
from muster.worker.shim.client import StageCommand, launch
script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; read go; echo more"
shim = launch(pathlib.Path(sys.argv[2]))
shim.start_stage(StageCommand(0, ["sh", "-c", script], {"PATH": "/usr/bin:/bin"}, "/", 60.0))
print("begun", flush=True)
time.sleep(300)
"""


def test_a_stage_continues_when_its_daemon_is_killed(
    start: Callable[..., Stages], attempt: Path
) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, SOURCES, attempt], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == "begun\n"
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    stages = start()
    stages.wait_for(b"line 3000\r\n")
    stages.shim.send_input(b"go\n")
    assert stages.wait().how == "exit"
    expected = b"".join(b"line %d\r\n" % number for number in range(1, 3001))
    assert stages.output() == expected + b"go\r\nmore\r\n"


def test_a_late_client_gets_the_exit(stages: Stages) -> None:
    end = stages.run("false")
    stages.shim.close()
    late = attach(stages.directory)
    assert late is not None
    assert late.wait_for_exit(0, timeout=0) == end
    late.close()


def test_who_attaches_during_a_stage_is_heard_after_its_end(stages: Stages) -> None:
    stages.start("sh", "-c", "echo up; read go")
    stages.wait_for(b"up")  # the program runs: the output doesn't matter any more
    late = attach(stages.directory)
    assert late is not None
    stages.shim.send_input(b"go\n")
    assert late.wait_for_exit(0, timeout=20) == stages.wait()
    assert not late.fetch_state().running
    late.close()
    assert stages.run("true", index=1).how == "exit"


def test_a_daemon_that_does_not_read_stops_nothing(stages: Stages) -> None:
    mute = socket.socket(socket.AF_UNIX)
    with SocketAddress(stages.directory) as address:
        mute.connect(address)
    mute.sendall(pack_message({"hello": [VERSION]}))
    mute.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            mute.send(pack_message({"id": 1, "do": "state"}) * 100)
    end = stages.run("seq", "100000")
    assert (end.how, end.code) == ("exit", 0)
    mute.close()


@pytest.mark.parametrize(
    "message",
    [
        b"\xff" * 100,
        b"\0\0\0\2{]",
        pack_message({"hello": [99]}),
        pack_message({"do": "quit"}),
        b"\0\0\0\2[]",
    ],
    ids=["huge", "no JSON", "another version", "no hello", "no object"],
)
def test_who_speaks_nonsense_is_hung_up_on(stages: Stages, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger, SocketAddress(stages.directory) as address:
        stranger.settimeout(20)
        stranger.connect(address)
        stranger.sendall(message)
        while stranger.recv(4096):
            pass
    assert stages.run("true").how == "exit"


@pytest.mark.parametrize(
    "fields",
    [{"stage_index": "first"}, {"argv": [1]}, {"env": {"A": None}}, {"timeout": None}, {"uid": -1}],
    ids=str,
)
def test_a_senseless_request_is_refused(stages: Stages, fields: dict[str, object]) -> None:
    with pytest.raises(ShimRefused) as refused:
        stages.start("true", **fields)  # type: ignore[arg-type]
    assert refused.value.code == "senseless"
    assert stages.run("true").how == "exit"


# Shims die


def test_a_quitting_shim_ends_its_stage(stages: Stages) -> None:
    stages.start(*python(STUBBORN))
    family = pids(stages, 4)
    os.kill(stages.shim.fetch_state().pid, signal.SIGTERM)
    assert stages.wait().how == "stopped"
    assert alive(family) == []


def test_a_killed_shim_takes_its_stage_along_and_leaves_its_record(stages: Stages) -> None:
    stages.start("sh", "-c", "trap '' HUP; echo pid $$; sleep 300; sleep 300")
    (leader,) = pids(stages, 1)
    shim = stages.shim.fetch_state().pid
    os.kill(shim, signal.SIGKILL)
    with pytest.raises(ShimGone):
        stages.wait()
    wait_until_dead(leader)
    assert attach(stages.directory) is None
    state = read_state(stages.directory)
    assert state is not None
    assert (state.stage_index, state.running, state.ends) == (0, False, ())
    assert state.log_end == len(stages.output())


def test_killing_a_shim_that_does_not_answer_leaves_no_socket(stages: Stages) -> None:
    stages.start("sleep", "300")
    os.kill(stages.shim.fetch_state().pid, signal.SIGSTOP)
    kill(stages.directory)
    assert attach(stages.directory) is None
    assert [path for path in stages.directory.rglob("*") if path.is_socket()] == []


def test_a_successor_does_not_run_a_lost_stage_again(start: Callable[..., Stages]) -> None:
    stages = start()
    stages.start("sleep", "300")
    os.kill(stages.shim.fetch_state().pid, signal.SIGKILL)
    with pytest.raises(ShimGone):
        stages.wait()
    successor = start()
    assert not successor.start("sleep", "300")
    assert not successor.shim.fetch_state().running


def test_what_a_dead_shim_left_running_is_reaped(stages: Stages) -> None:
    stages.start(*python(STAYING, "deaf"))
    (escaped,) = pids(stages, 1)
    shim = stages.shim.fetch_state().pid
    os.kill(shim, signal.SIGKILL)
    wait_until_dead(shim)
    assert alive([escaped])
    assert reap(stages.directory, grace=0.1) == []
    assert alive([escaped]) == []


def test_there_is_no_state_where_no_shim_was(attempt: Path) -> None:
    assert attach(attempt) is None
    assert read_state(attempt) is None


def test_requests_to_a_dead_shim_say_so(stages: Stages) -> None:
    shim = stages.shim.fetch_state().pid
    os.kill(shim, signal.SIGKILL)
    wait_until_dead(shim)
    with pytest.raises(ShimGone):
        stages.shim.fetch_state()
    assert stages.shim.is_gone


def test_a_clients_messages_are_complete_when_the_shim_is_gone(stages: Stages) -> None:
    slow, known = threading.Event(), threading.Event()

    def watcher() -> None:
        known.set()
        slow.wait(20)  # the connection's reader is blocked, at its first line of log

    shim = stages.shim.fetch_state().pid
    stages.shim.add_watcher(watcher)
    stages.start("echo", "first")
    assert known.wait(20)
    os.kill(shim, signal.SIGKILL)
    wait_until_dead(shim)
    threading.Timer(0.3, slow.set).start()
    with pytest.raises(ShimGone):
        stages.shim.resize(80, 24)
    assert stages.shim.is_gone


def test_a_record_is_on_disk_before_its_stage_runs(stages: Stages) -> None:
    path = stages.directory / "state.json"
    stages.run("cat", str(path))
    seen = json.loads(stages.output())
    assert [stage["stage_index"] for stage in seen["stages"]] == [0]
