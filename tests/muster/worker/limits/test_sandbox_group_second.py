"""Version 2 of control groups, whose memory and process controllers no kernel has here: simulated
by files with the names and formats of the kernel's documentation (cgroup-v2.rst)."""

from pathlib import Path

import pytest

from muster.worker.limits.limits import StageLimits
from muster.worker.limits.sandbox_group import SandboxGroup

LIMITS = StageLimits(512 << 20, 200, 256, 1 << 30)
# Writing replaces the content, as in a kernel's file.
FILES = {
    "cgroup.procs": "",
    "cgroup.kill": "",
    "memory.max": "",
    "memory.swap.max": "",
    "memory.oom.group": "",
    "memory.peak": "536870912\n",
    "pids.max": "",
    "pids.peak": "200\n",
}


class Second:
    """A group's directory, as the kernel would have filled it when it was made."""

    def __init__(self, directory: Path, left: str) -> None:
        self.directory = directory
        for name, text in FILES.items():
            self.write(name, text)
        self.happens(**dict.fromkeys(("oom", "oom_kill", "refused"), 0))
        if left:
            self.happens(oom=3, oom_kill=3, refused=7)
        self.group = SandboxGroup([str(directory)], LIMITS)

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.directory / name).read_text()

    def happens(self, *, oom: int = 0, oom_kill: int = 0, refused: int = 0) -> None:
        events = {"low": 0, "high": 0, "max": 4, "oom": oom, "oom_kill": oom_kill}
        counts = {**events, "oom_group_kill": min(oom_kill, 1)}
        self.write("memory.events", "".join(f"{name} {n}\n" for name, n in counts.items()))
        self.write("pids.events", f"max {refused}\n")


@pytest.fixture(params=["", "left"], ids=["new", "of an earlier shim"])
def second(tmp_path: Path, request: pytest.FixtureRequest) -> Second:
    return Second(tmp_path, request.param)


def test_the_whole_sandbox_is_limited_and_dies_together(second: Second) -> None:
    assert second.read("memory.max") == str(512 << 20)
    assert second.read("memory.swap.max") == "0"
    assert second.read("memory.oom.group") == "1"
    assert second.read("pids.max") == "200"
    second.group.enter()
    assert second.read("cgroup.procs") == "0"


def test_a_kill_at_the_limit_is_reported(second: Second) -> None:
    assert second.group.memory_breach() is None
    second.happens(oom=4, oom_kill=5, refused=7)
    found = second.group.memory_breach()
    assert found is not None
    assert found.code == "memory_exceeded"
    assert "512 MiB" in found.message


def test_who_was_killed_for_want_of_memory_elsewhere_is_not(tmp_path: Path) -> None:
    second = Second(tmp_path, "")
    second.happens(oom=0, oom_kill=5)
    assert second.group.memory_breach() is None


def test_forks_that_were_refused_count_from_now_on(second: Second) -> None:
    before = second.group.refused_forks()
    second.happens(oom=3, oom_kill=3, refused=9)
    assert (before, second.group.refused_forks()) in ((0, 2), (0, 9))
    assert second.group.processes_breach().code == "processes_exceeded"


def test_killing_it_begins_with_no_more_forks(second: Second) -> None:
    second.write("pids.max", "")
    second.group.kill()
    assert (second.read("pids.max"), second.read("cgroup.kill")) == ("0", "1")
