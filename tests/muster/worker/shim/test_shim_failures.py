"""Failures in a stage: it resists being killed, its lease expires, its disk is full."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.shim.client import ShimRefused, read_state
from muster.worker.shim.spool import SpoolReader
from tests.muster.worker.shim.stubborn import LEAVING, STAYING, STUBBORN, alive, pids, python
from tests.muster.worker.shim_stages import Stages
from tests.wait import wait_until

# What does not want to die


def test_children_that_ignore_term_die_when_a_stage_is_stopped(stages: Stages) -> None:
    stages.start(*python(STUBBORN))
    family = pids(stages, 4)
    stages.shim.stop(grace=0.1)
    end = stages.wait()
    assert (end.how, end.code) == ("stopped", 137)
    assert alive(family) == []


def test_term_comes_before_kill(stages: Stages) -> None:
    stages.start("sh", "-c", "trap 'echo bye; exit 5' TERM; echo hi; while :; do sleep 0.05; done")
    stages.wait_for(b"hi")
    stages.shim.stop(grace=20)
    end = stages.wait()
    assert (end.how, end.code) == ("stopped", 5)
    assert b"bye" in stages.output()


def test_a_frozen_process_hears_term_too(stages: Stages) -> None:
    stages.start("sh", "-c", "trap 'exit 5' TERM; echo hi; kill -STOP $$; sleep 300")
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
    stages.start(*python(STAYING))
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
    # Enough time for all four to report their pids on a busy machine.
    end = stages.run(*python(STUBBORN), timeout=2.0, grace=0.1)
    assert end.how == "timeout"
    assert alive(pids(stages, 4)) == []


def test_orphans_that_die_during_a_stage_leave_no_zombies(stages: Stages) -> None:
    stages.start("sh", "-c", "for i in 1 2 3; do (setsid sh -c 'exit' &); done; echo on; read x")
    stages.wait_for(b"on")
    shim = stages.shim.fetch_state().pid

    def children() -> list[processes.Process]:
        return [process for process in processes.iterate_processes() if process.parent == shim]

    deadline = time.monotonic() + 20
    while len(children()) > 1:
        assert time.monotonic() < deadline, children()
    stages.shim.send_input(b"\n")
    assert stages.wait().how == "exit"


# Leases


def test_a_lease_that_is_over_kills_the_group(stages: Stages) -> None:
    stages.start(*python(STUBBORN))
    family = pids(stages, 4)
    stages.shim.extend_lease(boot_seconds() + 0.2)
    end = stages.wait()
    assert end.how == "lease"
    assert alive(family) == []
    assert stages.shim.fetch_state().find_exit(0) == end


def test_a_lease_is_extended_but_never_shortened(stages: Stages) -> None:
    stages.start("sleep", "300")
    stages.shim.extend_lease(boot_seconds() + 600)
    stages.shim.extend_lease(boot_seconds() - 1)
    assert stages.shim.wait_for_exit(0, timeout=0.3) is None


def test_nothing_begins_without_a_lease(stages: Stages) -> None:
    stages.shim.extend_lease(boot_seconds() - 1)
    with pytest.raises(ShimRefused) as refused:
        stages.start("true")
    assert refused.value.code == "lease"
    stages.shim.extend_lease(boot_seconds() + 600)
    assert stages.run("true").how == "exit"


def test_a_thawed_shim_looks_at_its_lease_before_anything_else(stages: Stages) -> None:
    stages.start("sleep", "300")
    stages.shim.extend_lease(boot_seconds() + 0.3)
    shim = stages.shim.fetch_state().pid
    os.kill(shim, signal.SIGSTOP)
    assert stages.shim.wait_for_exit(0, timeout=0.6) is None
    os.kill(shim, signal.SIGCONT)
    assert stages.wait().how == "lease"


def test_a_shim_that_was_frozen_at_its_deadline_kills_when_it_continues(
    stages: Stages,
) -> None:
    left = "setsid sh -c 'trap \"\" TERM; echo left $$; exec sleep 300' &"
    trap_job = "(trap '' HUP; trap 'echo termed' TERM; echo told; while :; do sleep 0.05; done) &"
    stages.start("sh", "-c", f"{left} {trap_job} read x")
    stages.wait_for(b"told")
    pid = int(stages.wait_for(b"left ").split(b"left ")[1].split()[0])
    found = processes.find(pid)
    assert found is not None
    stages.shim.send_input(b"\n")
    stages.wait_for(b"termed")  # a second from now it will kill
    shim = stages.shim.fetch_state().pid
    os.kill(shim, signal.SIGSTOP)
    assert stages.shim.wait_for_exit(0, timeout=7) is None
    os.kill(shim, signal.SIGCONT)
    assert stages.wait().message == ""
    now = processes.find(pid)
    assert now is None or now.started != found.started or not now.is_alive


_ASKING = """
import sys
from pathlib import Path
from threading import Timer
from muster.worker.shim import client, link
link.SHIM_TIMEOUT_SECONDS = 2.0
shim = client.attach(Path(sys.argv[1]))
print("connected", flush=True)
sys.stdin.readline()
Timer(0.2, lambda: print("asking", flush=True)).start()
shim.fetch_state()
print("answered", flush=True)
"""


def test_a_frozen_machine_gives_its_shim_the_time_to_respond(stages: Stages) -> None:
    """Whoever asks is frozen for longer than it waits, and the shim with it."""
    shim = stages.shim.fetch_state().pid
    command = [sys.executable, "-c", _ASKING, str(stages.directory)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe) as asking:
        assert asking.stdin is not None
        assert asking.stdout is not None
        try:
            assert asking.stdout.readline() == b"connected\n"
            os.kill(shim, signal.SIGSTOP)
            asking.stdin.write(b"\n")
            assert asking.stdout.readline() == b"asking\n"
            os.kill(asking.pid, signal.SIGSTOP)
            frozen_at = boot_seconds()
            wait_until(lambda: boot_seconds() > frozen_at + 2.5, "time", 10)
            os.kill(asking.pid, signal.SIGCONT)
            os.kill(shim, signal.SIGCONT)
            assert asking.stdout.readline() == b"answered\n"
        finally:
            os.kill(shim, signal.SIGCONT)
            asking.kill()


# Disks fill


def test_a_stage_that_writes_beyond_the_quota_continues(start: Callable[..., Stages]) -> None:
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
    assert (reader.gaps(), reader.end_offset()) == ([(0, 6)], 6)
    reader.close()
    state = read_state(attempt)
    assert state is not None
    assert state.ends == (end,)
