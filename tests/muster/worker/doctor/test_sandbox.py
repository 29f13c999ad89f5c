import errno
import shutil
from pathlib import Path

import pytest

from muster.worker.doctor import sandbox
from muster.worker.doctor.finding import Finding, Machine, run_each
from muster.worker.doctor.sandbox import TriedBubblewrap, bubblewrap_findings
from muster.worker.doctor.sandbox_level import detect_sandboxes
from muster.worker.sandbox import bubblewrap
from muster.worker.sandbox.bubblewrap import Candidate


def finding_of(machine: Machine, name: str) -> Finding:
    checks = [check for check in sandbox.CHECKS if check[0] == name]
    return next(iter(run_each(checks, machine)))


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return tmp_path / "proc"


def setting(proc: Path, name: str, value: str) -> None:
    file = proc / "sys" / name.replace(".", "/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{value}\n")


@pytest.mark.parametrize(
    ("name", "value", "mends"),
    [
        ("kernel.unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user.max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        (
            "kernel.apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_each_setting_that_closes_namespaces_comes_with_what_opens_them(
    proc: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, mends: str
) -> None:
    setting(proc, name, value)
    assert (
        finding_of(Machine(proc, is_root=True, proc=proc), "namespaces").command
        == f"sysctl -w {mends}"
    )
    monkeypatch.setenv("PATH", str(proc))  # where bubblewrap does not work
    found = finding_of(Machine(proc, is_root=False, proc=proc), "namespaces")
    assert (found.level, found.command) == ("warn", f"sudo sysctl -w {mends}")


def test_namespaces_that_are_open_are_well(proc: Path) -> None:
    setting(proc, "kernel.unprivileged_userns_clone", "1")
    setting(proc, "user.max_user_namespaces", "7000")
    setting(proc, "kernel.apparmor_restrict_unprivileged_userns", "0")
    assert finding_of(Machine(proc, is_root=False, proc=proc), "namespaces").level == "ok"


def groups(tmp_path: Path, lines: str, *directories: str) -> Machine:
    """A machine with these lines in /proc/self/cgroup, and these cgroups."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(lines)
    for directory in directories:
        group = tmp_path / "cgroup" / directory
        group.mkdir(parents=True)
        (group / "cgroup.procs").touch()
    return Machine(tmp_path, is_root=False, proc=tmp_path / "proc", cgroups=tmp_path / "cgroup")


def test_a_delegated_cgroup_of_version_2_limits(tmp_path: Path) -> None:
    machine = groups(tmp_path, "0::/user.slice/x.scope\n", "user.slice/x.scope")
    own = tmp_path / "cgroup/user.slice/x.scope"
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    assert "version 2, writable" in finding_of(machine, "cgroups").text
    (own / "cgroup.controllers").write_text("cpu pids\n")
    found = finding_of(machine, "cgroups")
    assert (found.level, found.command) == (
        "warn",
        "systemd-run --user --scope -p Delegate=yes python -m muster worker run",
    )


def test_writable_cgroups_of_version_1_limit_also_beside_version_2(tmp_path: Path) -> None:
    lines = "5:pids:/a\n4:memory:/b\n1:cpu,cpuacct:/\n0::/\n"
    machine = groups(tmp_path, lines, "pids/a", "memory/b", "unified")
    assert "version 1" in finding_of(machine, "cgroups").text
    shutil.rmtree(tmp_path / "cgroup/pids")
    assert finding_of(machine, "cgroups").level == "warn"


@pytest.mark.parametrize(
    ("answer", "number", "level", "words"),
    [
        (7, 0, "ok", "version 7"),
        (6, 0, "ok", "version 6"),
        (4, 0, "warn", "version 4: sandboxes with an open network"),
        (-1, errno.ENOSYS, "warn", "not available"),
        (-1, errno.EOPNOTSUPP, "warn", "switched off"),
    ],
)
def test_what_landlock_can_do(answer: int, number: int, level: str, words: str) -> None:
    found = sandbox.landlock_finding(answer, number)
    assert found.level == level
    assert found.text.startswith(words)


def test_landlock_and_util_linux_of_this_machine_answer(tmp_path: Path) -> None:
    assert finding_of(Machine(tmp_path), "Landlock").name == "Landlock"
    assert finding_of(Machine(tmp_path), "util-linux").level == "ok"


SYSTEM = Candidate("system", "/usr/bin/bwrap")
BUNDLED = Candidate("bundled", "/opt/bwrap")


@pytest.mark.parametrize(
    ("tried", "levels", "texts"),
    [
        pytest.param(
            [TriedBubblewrap(SYSTEM, "0.12.0", None)],
            ["ok"],
            ["system /usr/bin/bwrap, version 0.12.0: used"],
            id="new enough",
        ),
        pytest.param(
            [TriedBubblewrap(SYSTEM, "0.11.0", None)],
            ["warn"],
            ["system /usr/bin/bwrap, version 0.11.0: used. Versions below 0.12 follow links"],
            id="old",
        ),
        pytest.param(
            [TriedBubblewrap(SYSTEM, "0.12.1", None), TriedBubblewrap(BUNDLED, "0.11.0", None)],
            ["ok", "ok"],
            ["version 0.12.1: used", "bundled /opt/bwrap, version 0.11.0: works, not needed"],
            id="the system's is newer than ours",
        ),
        pytest.param(
            [
                TriedBubblewrap(SYSTEM, "0.6.1", "Unknown option --size"),
                TriedBubblewrap(BUNDLED, "0.11.0", None),
            ],
            ["ok", "warn"],
            ["version 0.6.1: blocked: Unknown option --size", "version 0.11.0: used"],
            id="the system's is too old",
        ),
        pytest.param(
            [
                TriedBubblewrap(SYSTEM, "0.12.0", "No permissions"),
                TriedBubblewrap(BUNDLED, "0.11.0", "No permissions"),
            ],
            ["warn", "warn"],
            ["version 0.12.0: blocked: No permissions", "version 0.11.0: blocked: No permissions"],
            id="the host refuses",
        ),
        pytest.param(
            [TriedBubblewrap(SYSTEM, "bwrap: what?", None)],
            ["ok"],
            ["version bwrap: what?: used"],
            id="odd",
        ),
    ],
)
def test_each_bubblewrap_is_listed_with_its_version_and_what_blocked_it(
    tried: list[TriedBubblewrap], levels: list[str], texts: list[str]
) -> None:
    found = list(bubblewrap_findings(tried))
    assert [finding.level for finding in found] == levels
    for finding, text in zip(found, texts, strict=True):
        assert text in finding.text
        assert bool(finding.advice) == (finding.level == "warn")


def test_programs_of_that_name_that_know_less_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\necho BusyBox\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding_of(Machine(tmp_path), "util-linux").text.startswith(
        "setpriv and unshare missing"
    )


# Levels: with this machine's programs, and with fewer


BOTH = ("setpriv",)  # what both levels need


def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> Machine:
    """This machine, as if no other programs were installed, nor a bubblewrap bundled."""
    monkeypatch.setattr(bubblewrap, "bundled_program", lambda: None)
    for name in ("sh", *programs):
        (tmp_path / name).symlink_to(shutil.which(name) or "/nonexistent")
    monkeypatch.setenv("PATH", str(tmp_path))
    return Machine(tmp_path)


def test_with_the_bubblewrap_that_comes_with_muster_a_sandbox_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = only(tmp_path, monkeypatch, *BOTH)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert detect_sandboxes(machine).level == "full"
    (found,) = (each for each in sandbox._check_bubblewrap(machine) if each.name == "bubblewrap")
    assert found.text.startswith("bundled ")
    assert ": used" in found.text


def test_without_it_processes_are_contained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = only(tmp_path, monkeypatch, "unshare", *BOTH)
    assert detect_sandboxes(machine).level == "processes"
    found = finding_of(machine, "sandbox")
    assert found.level == "warn"
    assert "bwrap is not installed" in found.text
    assert finding_of(machine, "bubblewrap").level == "warn"


def test_with_nothing_there_is_no_sandbox_and_that_stops_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = only(tmp_path, monkeypatch, *BOTH)
    assert detect_sandboxes(machine).missing == (
        "bwrap is not installed",
        "unshare is not installed",
    )
    assert finding_of(machine, "sandbox").level == "warn"


def test_a_failed_test_is_reported_in_the_programs_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = only(tmp_path, monkeypatch, *BOTH)
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2; exit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    assert detect_sandboxes(machine).missing[0] == "bwrap: No permissions"
