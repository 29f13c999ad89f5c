import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from muster.worker.doctor import host
from muster.worker.doctor.finding import Finding, Machine, run_each
from muster.worker.layout import Layout
from muster.worker.sandbox.uids import DEFAULT_UIDS
from muster.worker.server.credentials import Credentials, CredentialStore
from tests.muster.worker.repositories import as_root, root
from tests.muster.worker.worker_home import SOURCES

__all__ = ["root"]


def finding_of(machine: Machine, name: str) -> Finding:
    return next(each for each in _all(machine) if each.name == name)


def _all(machine: Machine) -> list[Finding]:
    return list(run_each(host.CHECKS, machine))


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("answer", "level", "text"),
    [
        ("echo git version 2.47.3", "ok", "version 2.47.3"),
        ("echo git version 2.32.0.windows.1", "ok", "version 2.32.0.windows.1"),
        ("echo git version 2.25.1", "fail", "version 2.25.1"),
        ("echo no; exit 1", "fail", "not installed"),
    ],
)
def test_git_has_to_be_there_and_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, level: str, text: str
) -> None:
    program(tmp_path / "git", answer)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = finding_of(Machine(tmp_path), "git")
    assert (found.level, found.text) == (level, text)


def test_what_is_missing_comes_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding_of(Machine(tmp_path), "git").advice == "install git"
    program(tmp_path / "dnf", "")
    assert finding_of(Machine(tmp_path, is_root=True), "git").command == "dnf install git"
    assert finding_of(Machine(tmp_path, is_root=False), "git").command == "sudo dnf install git"


def test_a_home_need_not_be_made_yet_and_is_not_made(root: Path) -> None:
    found = finding_of(Machine(root / "deep/home"), "home")
    assert found.level == "ok"
    assert "not created yet" in found.text
    assert list(root.iterdir()) == []


def test_a_home_that_attempts_cannot_reach_is_reported_only_to_root(root: Path) -> None:
    (root / "closed").mkdir(mode=0o700)
    machine = Machine(root / "closed/home", is_root=True)
    found = finding_of(machine, "home")
    assert (found.level, found.command) == ("fail", f"chmod o+x {root}/closed")
    assert finding_of(Machine(machine.home, is_root=False), "home").level == "ok"


def test_a_home_has_to_be_a_directory(root: Path) -> None:
    (root / "home").touch()
    assert finding_of(Machine(root / "home"), "home").level == "fail"


def test_a_home_in_memory_is_lost(root: Path) -> None:
    found = finding_of(Machine(Path("/dev/shm/muster"), is_root=False), "home")
    assert found.level == "warn"
    assert "on tmpfs: everything is lost" in found.text


@as_root
def test_programs_in_workspaces_have_to_be_executable(root: Path) -> None:
    # With its own mounts, which nobody else sees.
    script = 'mount -t tmpfs -o noexec none "$0" && exec "$@"'
    doctor = [sys.executable, "-m", "muster", "worker", "doctor", "--json", "--home", str(root)]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, str(root), *doctor],
        cwd=SOURCES,
        capture_output=True,
        check=False,
    )
    found = next(row for row in json.loads(done.stdout) if row["name"] == "home")
    assert (done.returncode, found["level"]) == (1, "fail")
    assert found["command"] == f"mount -o remount,exec {root}"


@pytest.mark.parametrize(
    ("used", "free", "level"),
    [(10, 90, "ok"), (90, 10, "ok"), (95, 5, "warn"), (1000, 0, "fail")],
)
def test_a_full_disk_is_reported_before_the_server_drains_the_machine(
    root: Path, monkeypatch: pytest.MonkeyPatch, used: int, free: int, level: str
) -> None:
    usage = shutil._ntuple_diskusage((used + free) << 30, used << 30, free << 30)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert finding_of(Machine(root), "disk").level == level


def test_root_has_no_log_in_that_ends(root: Path) -> None:
    assert list(run_each(host.SERVICE_CHECKS, Machine(root, is_root=True))) == []


def test_a_check_that_breaks_is_a_finding(root: Path) -> None:
    machine = Machine(root, proc=root / "no-proc")
    found = finding_of(machine, "home")
    assert found.level == "warn"
    assert "can't be checked (FileNotFoundError" in found.text


@as_root
@pytest.mark.parametrize("count", [4, 5])
def test_fewer_user_ids_than_a_machine_s_slots_and_two_more_stop_work(
    root: Path, count: int
) -> None:
    layout = Layout(root)
    layout.make()
    store = CredentialStore(layout.credentials)
    store.save(Credentials("http://localhost", "machine", "m", 3, "jwt", 1e12, "secret"))
    rows = [
        found for found in _all(Machine(root, DEFAULT_UIDS[:count])) if found.name == "user ids"
    ]
    assert [(row.level, "least 5" in row.text) for row in rows] == [("fail", True)] * (count < 5)
