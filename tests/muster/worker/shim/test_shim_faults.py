"""What goes wrong around a shim: stubborn stages, dead daemons, dead shims, leases, full disks."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.shim.client import ShimGone, ShimRefused, attach, read_state, reap
from muster.worker.shim.spool import SpoolReader
from muster.worker.shim.wire import SocketAddress, pack
from tests.muster.worker.shim_stages import Stages

SOURCES = Path(__file__).parents[4]

STUBBORN = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
for _ in range(2):
    os.fork()
os.write(1, b"pid %d\\n" % os.getpid())
time.sleep(300)
"""
ESCAPEE = """
import os, signal, sys, time
ours, theirs = os.pipe()
if os.fork():
    os.read(ours, 1)  # until the grandchild is away
    EXIT
os.setsid()
if os.fork():
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"pid %d\\n" % os.getpid())
os.write(theirs, b"!")
if "deaf" in sys.argv:
    for handle in (0, 1, 2):
        os.close(handle)
time.sleep(300)
"""
LEAVING = ESCAPEE.replace("EXIT", "os._exit(0)")
STAYING = ESCAPEE.replace("EXIT", "time.sleep(300)")


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script, *arguments]


def pids(stages: Stages, number: int) -> list[int]:
    """The pids that the stage's processes tell, once there are so many."""
    seen = -1
    while (output := stages.output()).count(b"\n") < number:
        beyond, seen = seen, stages.shim.wait_log(seen, timeout=20)
        assert seen > beyond, output
    return [int(line.split()[1]) for line in output.splitlines()]


def alive(those: list[int]) -> list[int]:
    return [pid for pid in those if (process := processes.find(pid)) and process.alive]


def wait_until_dead(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ready, _, _ = select.select([handle], [], [], 20)
    os.close(handle)
    assert ready, f"{pid} lives"


# What does not want to die


def test_children_that_ignore_term_die_when_a_stage_is_stopped(stages: Stages) -> None:
    stages.begin(*python(STUBBORN))
    family = pids(stages, 4)
    stages.shim.stop(grace=0.1)
    end = stages.wait()
    assert (end.how, end.code) == ("stopped", 137)
    assert alive(family) == []


def test_term_comes_before_kill(stages: Stages) -> None:
    stages.begin("sh", "-c", "trap 'echo bye; exit 5' TERM; echo hi; while :; do sleep 0.05; done")
    stages.wait_for(b"hi")
    stages.shim.stop(grace=20)
    end = stages.wait()
    assert (end.how, end.code) == ("stopped", 5)
    assert b"bye" in stages.output()


def test_a_frozen_process_hears_term_too(stages: Stages) -> None:
    stages.begin("sh", "-c", "trap 'exit 5' TERM; echo hi; kill -STOP $$; sleep 300")
    stages.wait_for(b"hi")
    stages.shim.stop(grace=20)
    assert stages.wait().code == 5


@pytest.mark.parametrize("hearing", ["deaf", "holding the terminal"])
def test_who_escaped_into_a_session_of_its_own_dies_with_its_stage(
    stages: Stages, hearing: str
) -> None:
    end = stages.run(*python(LEAVING, hearing))
    assert (end.how, end.code) == ("exit", 0)
    assert alive(pids(stages, 1)) == []


def test_who_escaped_dies_when_the_stage_is_stopped(stages: Stages) -> None:
    stages.begin(*python(STAYING))
    (escaped,) = pids(stages, 1)
    assert alive([escaped])
    stages.shim.stop(grace=0.1)
    assert stages.wait().how == "stopped"
    assert alive([escaped]) == []


def test_background_processes_end_with_the_leader(stages: Stages) -> None:
    end = stages.run("sh", "-c", "sleep 300 & echo pid $!")
    assert (end.how, end.code) == ("exit", 0)
    assert alive(pids(stages, 1)) == []


def test_a_stage_times_out(stages: Stages) -> None:
    # Time enough for all four to say who they are on a machine that is busy.
    end = stages.run(*python(STUBBORN), timeout=2.0, grace=0.1)
    assert end.how == "timeout"
    assert alive(pids(stages, 4)) == []


def test_orphans_that_die_during_a_stage_leave_no_zombies(stages: Stages) -> None:
    stages.begin("sh", "-c", "for i in 1 2 3; do (setsid sh -c 'exit' &); done; echo on; read x")
    stages.wait_for(b"on")
    shim = stages.shim.state().pid

    def children() -> list[processes.Process]:
        return [process for process in processes.everyone() if process.parent == shim]

    deadline = time.monotonic() + 20
    while len(children()) > 1:
        assert time.monotonic() < deadline, children()
    stages.shim.type(b"\n")
    assert stages.wait().how == "exit"


# Leases


def test_a_lease_that_is_over_kills_the_group(stages: Stages) -> None:
    stages.begin(*python(STUBBORN))
    family = pids(stages, 4)
    stages.shim.extend_lease(boot_seconds() + 0.2)
    end = stages.wait()
    assert end.how == "lease"
    assert alive(family) == []
    assert stages.shim.state().end_of(0) == end


def test_a_lease_is_extended_but_never_shortened(stages: Stages) -> None:
    stages.begin("sleep", "300")
    stages.shim.extend_lease(boot_seconds() + 600)
    stages.shim.extend_lease(boot_seconds() - 1)
    assert stages.shim.wait(0, timeout=0.3) is None


def test_nothing_begins_without_a_lease(stages: Stages) -> None:
    stages.shim.extend_lease(boot_seconds() - 1)
    with pytest.raises(ShimRefused) as refused:
        stages.begin("true")
    assert refused.value.code == "lease"
    stages.shim.extend_lease(boot_seconds() + 600)
    assert stages.run("true").how == "exit"


def test_a_thawed_shim_looks_at_its_lease_before_anything_else(stages: Stages) -> None:
    stages.begin("sleep", "300")
    stages.shim.extend_lease(boot_seconds() + 0.3)
    shim = stages.shim.state().pid
    os.kill(shim, signal.SIGSTOP)
    assert stages.shim.wait(0, timeout=0.6) is None
    os.kill(shim, signal.SIGCONT)
    assert stages.wait().how == "lease"


def test_a_shim_that_was_frozen_when_it_should_have_killed_does_so_when_it_goes_on(
    stages: Stages,
) -> None:
    left = "setsid sh -c 'trap \"\" TERM; echo left $$; exec sleep 300' &"
    told = "(trap '' HUP; trap 'echo termed' TERM; echo told; while :; do sleep 0.05; done) &"
    stages.begin("sh", "-c", f"{left} {told} read x")
    stages.wait_for(b"told")
    pid = int(stages.wait_for(b"left ").split(b"left ")[1].split()[0])
    found = processes.find(pid)
    assert found is not None
    stages.shim.type(b"\n")
    stages.wait_for(b"termed")  # a second from now it will kill
    shim = stages.shim.state().pid
    os.kill(shim, signal.SIGSTOP)
    assert stages.shim.wait(0, timeout=7) is None
    os.kill(shim, signal.SIGCONT)
    assert stages.wait().message == ""
    now = processes.find(pid)
    assert now is None or now.started != found.started or not now.alive


# Daemons die

DAEMON = """
import pathlib, sys, time
sys.path.append(sys.argv[1])
from muster.worker.shim.client import StageCommand, launch
script = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done; read go; echo more"
shim = launch(pathlib.Path(sys.argv[2]))
shim.begin(StageCommand(0, ["sh", "-c", script], {"PATH": "/usr/bin:/bin"}, "/", 60.0))
print("begun", flush=True)
time.sleep(300)
"""


def test_a_stage_goes_on_when_its_daemon_is_killed(
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
    stages.shim.type(b"go\n")
    assert stages.wait().how == "exit"
    expected = b"".join(b"line %d\r\n" % number for number in range(1, 3001))
    assert stages.output() == expected + b"go\r\nmore\r\n"


def test_who_attaches_late_is_told_how_it_ended(stages: Stages) -> None:
    end = stages.run("false")
    stages.shim.close()
    late = attach(stages.directory)
    assert late is not None
    assert late.wait(0, timeout=0) == end
    late.close()


def test_who_attaches_during_a_stage_is_heard_after_its_end(stages: Stages) -> None:
    stages.begin("sh", "-c", "echo up; read go")
    stages.wait_for(b"up")  # the program runs: how that went need not be heard any more
    late = attach(stages.directory)
    assert late is not None
    stages.shim.type(b"go\n")
    assert late.wait(0, timeout=20) == stages.wait()
    assert not late.state().running
    late.close()
    assert stages.run("true", index=1).how == "exit"


def test_a_daemon_that_does_not_read_stops_nothing(stages: Stages) -> None:
    mute = socket.socket(socket.AF_UNIX)
    with SocketAddress(stages.directory) as address:
        mute.connect(address)
    mute.sendall(pack({"hello": [1]}))
    mute.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            mute.send(pack({"id": 1, "do": "state"}) * 100)
    end = stages.run("seq", "100000")
    assert (end.how, end.code) == ("exit", 0)
    mute.close()


@pytest.mark.parametrize(
    "said",
    [b"\xff" * 100, b"\0\0\0\2{]", pack({"hello": [99]}), pack({"do": "quit"}), b"\0\0\0\2[]"],
    ids=["huge", "no JSON", "another version", "no hello", "no object"],
)
def test_who_speaks_nonsense_is_hung_up_on(stages: Stages, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger, SocketAddress(stages.directory) as address:
        stranger.settimeout(20)
        stranger.connect(address)
        stranger.sendall(said)
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
        stages.begin("true", **fields)  # type: ignore[arg-type]
    assert refused.value.code == "senseless"
    assert stages.run("true").how == "exit"


# Shims die


def test_a_shim_that_is_told_to_end_ends_its_stage(stages: Stages) -> None:
    stages.begin(*python(STUBBORN))
    family = pids(stages, 4)
    os.kill(stages.shim.state().pid, signal.SIGTERM)
    assert stages.wait().how == "stopped"
    assert alive(family) == []


def test_a_killed_shim_takes_its_stage_along_and_leaves_its_record(stages: Stages) -> None:
    stages.begin("sh", "-c", "trap '' HUP; echo pid $$; sleep 300; sleep 300")
    (leader,) = pids(stages, 1)
    shim = stages.shim.state().pid
    os.kill(shim, signal.SIGKILL)
    with pytest.raises(ShimGone):
        stages.wait()
    wait_until_dead(leader)
    assert attach(stages.directory) is None
    state = read_state(stages.directory)
    assert state is not None
    assert (state.stage_index, state.running, state.ends) == (0, False, ())
    assert state.log_end == len(stages.output())


def test_a_successor_does_not_run_a_lost_stage_again(start: Callable[..., Stages]) -> None:
    stages = start()
    stages.begin("sleep", "300")
    os.kill(stages.shim.state().pid, signal.SIGKILL)
    with pytest.raises(ShimGone):
        stages.wait()
    successor = start()
    assert not successor.begin("sleep", "300")
    assert not successor.shim.state().running


def test_what_a_dead_shim_left_running_is_reaped(stages: Stages) -> None:
    stages.begin(*python(STAYING, "deaf"))
    (escaped,) = pids(stages, 1)
    shim = stages.shim.state().pid
    os.kill(shim, signal.SIGKILL)
    wait_until_dead(shim)
    assert alive([escaped])
    assert reap(stages.directory, grace=0.1) == []
    assert alive([escaped]) == []


def test_there_is_no_state_where_no_shim_was(attempt: Path) -> None:
    assert attach(attempt) is None
    assert read_state(attempt) is None


def test_requests_to_a_dead_shim_say_so(stages: Stages) -> None:
    shim = stages.shim.state().pid
    os.kill(shim, signal.SIGKILL)
    wait_until_dead(shim)
    with pytest.raises(ShimGone):
        stages.shim.state()
    assert stages.shim.is_gone


def test_who_is_told_that_a_shim_is_gone_has_heard_all_it_said(stages: Stages) -> None:
    slow, known = threading.Event(), threading.Event()

    def watcher() -> None:
        known.set()
        slow.wait(20)  # the connection's reader is held up, at its first line of log

    shim = stages.shim.state().pid
    stages.shim.watch(watcher)
    stages.begin("echo", "first")
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


# Disks fill


def test_a_stage_that_writes_beyond_the_quota_goes_on(start: Callable[..., Stages]) -> None:
    stages = start(quota=1000)
    end = stages.run("sh", "-c", "seq 1000; exit 3")
    assert (end.how, end.code) == ("exit", 3)
    state = read_state(stages.directory)
    assert state is not None
    assert state.log_end == end.log_end > 1000
    assert len(stages.output()) == 1000


def test_a_full_disk_costs_output_but_not_the_result(
    start: Callable[..., Stages], attempt: Path
) -> None:
    (attempt / "log").symlink_to("/dev/full")
    stages = start()
    end = stages.run("sh", "-c", "echo lost; exit 3")
    assert (end.how, end.code, end.log_end) == ("exit", 3, 6)
    reader = SpoolReader(attempt)
    assert (reader.gaps(), reader.end()) == ([(0, 6)], 6)
    reader.close()
    state = read_state(attempt)
    assert state is not None
    assert state.ends == (end,)
