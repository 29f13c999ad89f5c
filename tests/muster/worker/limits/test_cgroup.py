"""Control groups are created where the machine allows it, and nowhere else.

Version 2 is simulated by files in a directory, because the test machines' controllers may be
elsewhere. The kernel's use of such files is in test_sandbox_group.
"""

import os
import subprocess
from pathlib import Path

import pytest

from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable, ControlGroups
from tests.muster.worker.repositories import wait_until_gone


class Kernel:
    """A simulated hierarchy of version 2, seen by a process in one of its groups."""

    def __init__(self, directory: Path, group: str, *others: str) -> None:
        self.process = directory / "self"
        self.process.mkdir()
        self.top = directory / "cgroup"
        self.group = self.top / group
        mount = f"30 20 0:26 / {self.top} rw,nosuid - cgroup2 cgroup rw,nsdelegate"
        (self.process / "mountinfo").write_text(f"1 1 8:1 / / rw - ext4 /dev/x rw\n{mount}\n")
        (self.process / "cgroup").write_text(f"0::/{group}\n")
        self.make(self.group, str(os.getpid()), *others)

    def make(self, group: Path, *pids: str) -> None:
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu memory pids\n")
        (group / "cgroup.subtree_control").write_text("\n")
        (group / "cgroup.type").write_text("domain\n")
        (group / "cgroup.procs").write_text("\n".join(pids))

    def find(self, *, systemd: bool = False) -> ControlGroups:
        return cgroup.find_groups(self.group, self.process, systemd)

    def control(self, group: Path) -> str:
        return (group / "cgroup.subtree_control").read_text()


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path, "unit")


def test_the_daemon_moves_into_a_leaf_so_that_its_sandboxes_can_be_limited(kernel: Kernel) -> None:
    found = kernel.find()
    assert (found.version, found.bases) == (2, (kernel.group,))
    assert (kernel.group / "daemon" / "cgroup.procs").read_text() == "0"
    assert kernel.control(kernel.group) == "+memory +pids"


def test_a_daemon_that_was_started_in_a_leaf_stays_there(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, "unit/daemon")
    kernel.make(kernel.top / "unit")
    assert kernel.find().bases == (kernel.top / "unit",)
    assert kernel.control(kernel.top / "unit") == "+memory +pids"
    assert kernel.control(kernel.group) == "\n"


def test_who_finds_all_set_changes_nothing(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, "unit/daemon")
    kernel.make(kernel.top / "unit")
    (kernel.top / "unit" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    assert kernel.find().bases == (kernel.top / "unit",)
    assert kernel.control(kernel.top / "unit") == "cpu memory pids\n"


def test_the_top_of_all_groups_may_have_processes(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, "", "1", "2")
    (kernel.top / "cgroup.type").unlink()
    assert kernel.find(systemd=True).bases == (kernel.top,)
    assert not (kernel.top / "daemon").exists()


def test_a_group_with_others_in_it_is_left_alone(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, "session", "4711")
    with pytest.raises(CgroupsUnavailable, match="1 other processes are in"):
        kernel.find()
    assert kernel.control(kernel.group) == "\n"
    assert not (kernel.group / "daemon").exists()


def test_what_systemd_has_not_delegated_is_left_alone(kernel: Kernel) -> None:
    with pytest.raises(CgroupsUnavailable, match="needs Delegate=yes"):
        kernel.find(systemd=True)
    assert kernel.control(kernel.group) == "\n"
    try:
        os.setxattr(kernel.group, "user.delegate", b"1")
    except OSError:
        pytest.skip("this file system keeps no such marks")
    assert kernel.find(systemd=True).bases == (kernel.group,)


@pytest.mark.parametrize("lacking", ["cpu memory", "pids", ""])
def test_a_group_without_the_controllers_is_of_no_use(kernel: Kernel, lacking: str) -> None:
    (kernel.group / "cgroup.controllers").write_text(lacking)
    with pytest.raises(CgroupsUnavailable, match="no control groups for memory and processes"):
        kernel.find()


def test_controllers_that_cannot_be_enabled_are_said(kernel: Kernel) -> None:
    (kernel.group / "cgroup.subtree_control").unlink()
    (kernel.group / "cgroup.subtree_control").mkdir()
    with pytest.raises(CgroupsUnavailable, match="can't write control groups"):
        kernel.find()


@pytest.mark.parametrize(
    ("mounted", "group", "expected"),
    [
        pytest.param("/", "/a/b", "a/b", id="the whole hierarchy"),
        pytest.param("/docker/x", "/docker/x", ".", id="a container's part"),
        pytest.param("/docker/x", "/docker/x/y", "y", id="a group in a container"),
    ],
)
def test_our_group_is_found_below_what_is_mounted(
    tmp_path: Path, mounted: str, group: str, expected: str
) -> None:
    top = tmp_path / "memory"
    (top / expected).mkdir(parents=True, exist_ok=True)
    (top / expected / "cgroup.procs").touch()
    line = f"30 20 0:26 {mounted} {top} rw shared:9 - cgroup cgroup rw,seclabel,memory,pids\n"
    (tmp_path / "mountinfo").write_text(line)
    (tmp_path / "cgroup").write_text(f"5:name=systemd:/x\n4:memory,pids:{group}\n0::/\n")
    found = cgroup.find_groups(tmp_path, tmp_path)
    assert (found.version, [base.resolve() for base in found.bases]) == (1, [top / expected])


def test_a_group_outside_of_what_is_mounted_is_not_ours(tmp_path: Path) -> None:
    line = f"30 20 0:26 /docker/x {tmp_path} rw - cgroup cgroup rw,memory,pids\n"
    (tmp_path / "mountinfo").write_text(line)
    (tmp_path / "cgroup").write_text("4:memory,pids:/\n")
    with pytest.raises(CgroupsUnavailable):
        cgroup.find_groups(tmp_path, tmp_path)


def test_two_homes_have_groups_of_their_own(tmp_path: Path) -> None:
    base = ControlGroups(2, (tmp_path,), "muster-a-"), ControlGroups(2, (tmp_path,), "muster-b-")
    for each in base:
        Path(each.paths_for_sandbox("7-1-0")[0]).mkdir()
    base[0].remove_stale(["7-1"])
    assert [path.name for path in tmp_path.iterdir()] == ["muster-b-7-1-0"]


def test_what_a_dead_daemon_left_is_cleared_but_for_the_attempts_that_are_kept(
    groups: ControlGroups,
) -> None:
    sleepers = {}
    for name in ("7-1-0", "7-1-1", "8-1-0", "8-1-1"):
        directories = [Path(directory) for directory in groups.paths_for_sandbox(name)]
        for directory in directories:
            directory.mkdir()
        if name.endswith("0"):
            sleepers[name] = subprocess.Popen(["sleep", "60"])
            for directory in directories:
                (directory / "cgroup.procs").write_text(str(sleepers[name].pid))
    groups.remove_stale(["7-1"])
    wait_until_gone(sleepers["8-1-0"].pid)
    left = {path.name for base in groups.bases for path in base.glob(f"{groups.prefix}*")}
    assert left == {f"{groups.prefix}7-1-0"}
    assert sleepers["7-1-0"].poll() is None
    for sleeper in sleepers.values():
        sleeper.kill()
        sleeper.wait()
    groups.remove_stale(["7-1"])


def test_nothing_is_left_of_an_attempt_that_is_no_more(groups: ControlGroups) -> None:
    names = ("7-1-0", "7-1-daemon", "7-11-0")
    made = {
        name: [Path(directory) for directory in groups.paths_for_sandbox(name)] for name in names
    }
    for directories in made.values():
        for directory in directories:
            directory.mkdir()
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        for directory in made["7-1-0"]:
            (directory / "cgroup.procs").write_text(str(sleeper.pid))
        groups.remove_attempt("7-1")
        assert sleeper.wait() < 0
    groups.remove_attempt("7-1")  # killed processes may still have been busy
    left = [name for name in names if any(directory.exists() for directory in made[name])]
    groups.remove_attempt("7-11")
    assert left == ["7-11-0"]


def test_a_daemon_that_leaves_removes_what_is_empty_alone(groups: ControlGroups) -> None:
    directories = [
        Path(each) for name in ("7-1-0", "8-1-0") for each in groups.paths_for_sandbox(name)
    ]
    for directory in directories:
        directory.mkdir()
    at_work = [Path(directory) for directory in groups.paths_for_sandbox("7-1-0")]
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        for directory in at_work:
            (directory / "cgroup.procs").write_text(str(sleeper.pid))
        groups.remove_empty()
        assert [directory for directory in directories if directory.exists()] == at_work
        sleeper.kill()
    groups.remove_empty()
    assert not any(directory.exists() for directory in directories)
