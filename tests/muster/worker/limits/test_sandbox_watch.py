"""Without a writable control group, usage is added up to find exceeded limits."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from muster.worker import processes
from muster.worker.limits import sandbox_watch
from muster.worker.limits.limits import StageLimits
from muster.worker.limits.sandbox_watch import SandboxWatch
from muster.worker.processes import Process
from tests.muster.worker.limits import stage_as
from tests.muster.worker.limits.attacks import BOMB, EATER, FILLER, PYTHON, SLEEP
from tests.muster.worker.shim_stages import Stages
from tests.muster.worker.worker_home import SOURCES

USUAL = StageLimits(1 << 30, 500, 256, 1 << 30)
USER = 66_901

As = Callable[..., tuple[str, int, str]]


@pytest.fixture
def as_user(root: Path) -> As:
    """Run a stage on a shim of an ordinary user; return its exit, with code and message."""
    user = (USER, USER, ()) if os.geteuid() == 0 else (None, None, None)
    directory = root / "attempt"
    directory.mkdir(mode=0o700)
    os.chown(directory, user[0] or -1, -1)
    python = _python_of(*user)

    def run(*argv: str, limits: StageLimits) -> tuple[str, int, str]:
        words = [python if word == sys.executable else word for word in argv]
        asked = {"directory": str(directory), "argv": words, "limits": limits._asdict()}
        done = _as(*user, python, "-m", stage_as.__name__, json.dumps(asked))
        assert done.returncode == 0, done.stderr
        how, code, message = json.loads(done.stdout)
        return how, code, message

    return run


def _python_of(*user: Any) -> str:
    """One that the user can reach and that is new enough: the shim needs no package."""
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if _as(*user, python, "-c", "from typing import Self").returncode == 0:
                return python
    pytest.skip("there is no Python that an ordinary user can reach")


def _as(uid: Any, gid: Any, groups: Any, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=SOURCES,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        user=uid,
        group=gid,
        extra_groups=groups,
        capture_output=True,
        text=True,
        check=False,
    )


def test_who_eats_memory_is_killed(as_user: As) -> None:
    how, code, message = as_user(*EATER, limits=USUAL._replace(memory=64 << 20))
    assert (how, code) == ("limit", 128 + 9)
    assert message.startswith("memory_exceeded it exceeded the attempt's memory limit of 64")


def test_a_fork_bomb_is_killed(as_user: As) -> None:
    how, _, message = as_user(*BOMB, limits=USUAL._replace(processes=50))
    assert (how, message.split()[0]) == ("limit", "processes_exceeded")
    assert processes.find_by_arguments("sleep", SLEEP) == []


def test_threads_are_counted(as_user: As) -> None:
    script = (
        "import threading, time\n"
        "for _ in range(100): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
        "\ntime.sleep(60)"
    )
    how, _, message = as_user(*PYTHON, script, limits=USUAL._replace(processes=50))
    assert (how, message.split()[0]) == ("limit", "processes_exceeded")


def test_a_full_disk_is_none_of_others(as_user: As, root: Path) -> None:
    place = root / "workspace"
    place.mkdir()
    place.chmod(0o777)
    limits = USUAL._replace(disk=64 << 20, directories=[str(place)])
    how, _, message = as_user(*FILLER, str(place), limits=limits)
    assert (how, message.split()[0]) == ("limit", "disk_exceeded")


def test_what_many_share_is_counted_once(as_user: As) -> None:
    script = (
        "import os, time\n"
        "shared = bytearray(48 << 20)\n"
        "for at in range(0, len(shared), 4096): shared[at] = 1\n"
        "for _ in range(8):\n"
        "    if not os.fork():\n"
        "        time.sleep(2); os._exit(0)\n"
        "for _ in range(8): os.wait()"
    )
    limits = USUAL._replace(memory=160 << 20)
    assert as_user(*PYTHON, script, limits=limits) == ("exit", 0, "")


def test_many_small_processes_hurt_nobody(as_user: As) -> None:
    script = "for i in $(seq 300); do /bin/true & done; wait; test $(ulimit -n) = 256"
    limits = USUAL._replace(memory=256 << 20)
    assert as_user("sh", "-c", script, limits=limits) == ("exit", 0, "")


def test_a_stage_without_limits_is_let_be(stages: Stages) -> None:
    assert stages.run("true", limits=None).how == "exit"


def test_a_stopping_stage_is_watched_until_its_end(stages: Stages) -> None:
    script = "trap '\"$@\"' TERM; echo up; while :; do sleep 0.05; done"
    stages.start("sh", "-c", script, "sh", *EATER, limits=USUAL._replace(memory=64 << 20))
    stages.wait_for(b"up")
    stages.shim.stop(grace=50.0)
    assert stages.wait().how == "stopped"


def test_looks_cost_a_bounded_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 101.5])
    monkeypatch.setattr(sandbox_watch, "process_time", lambda: next(moments))
    looked: list[Process] = []
    room = SandboxWatch(USUAL, lambda: looked, now=99.5)
    assert room.poll(100.0) is None
    assert room.next_poll_at() == 130.0
    assert room.poll(129.0) is None


def test_a_sandbox_that_ends_is_no_longer_checked() -> None:
    room = SandboxWatch(USUAL, list, now=99.5)
    room.stop()
    assert room.next_poll_at() == inf
    assert room.poll(1e9) is None
