"""The remains of a decommissioned machine: nothing of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from muster.protocol.frames import CloseCode, StageFinished
from muster.worker import processes
from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable
from muster.worker.server.credentials import CredentialStore, NotEnrolled
from tests.muster.worker.repositories import repository, root, wait_for, wait_until_gone
from tests.muster.worker.worker_home import SOURCES, WorkerHome, worker

__all__ = ["repository", "root", "worker"]

HIDES_AND_CLOSES = """
setsid sleep 61 &
mkdir -p closed/below "$HOME/closed/below" && chmod 000 closed "$HOME/closed"
echo up; sleep 60"""


def decommission(worker: WorkerHome) -> None:
    worker.server.wait_until_connected()
    worker.server.kick(CloseCode.DECOMMISSIONED)


def left(worker: WorkerHome) -> list[str]:
    return sorted(path.name for path in worker.layout.home.iterdir())


def groups(worker: WorkerHome) -> list[Path]:
    """The control groups of its attempts."""
    with contextlib.suppress(CgroupsUnavailable):
        found = cgroup.find_groups(worker.layout.home)
        return [path for base in found.bases for path in base.glob(f"{found.prefix}*")]
    return []


def test_it_kills_what_runs_and_erases_all_that_it_made(
    worker: WorkerHome, caplog: pytest.LogCaptureFixture
) -> None:
    server, home = worker.start().server, worker.layout.home
    worker.run(HIDES_AND_CLOSES)
    server.wait_for(lambda: b"up" in server.log())

    def hides() -> list[processes.Process]:
        return [
            each for each in worker.stages() if each in processes.find_by_arguments("sleep", "61")
        ]

    wait_for(hides)
    hidden = worker.stages()
    (home / "notes").write_text("the operator's")
    decommission(worker)
    worker.join()
    for each in hidden:
        wait_until_gone(each.pid)
    assert left(worker) == ["notes"]
    assert groups(worker) == []
    assert f"deleted its files in {home}" in caplog.text


def test_a_directory_that_lies_elsewhere_is_emptied_there(worker: WorkerHome) -> None:
    elsewhere = worker.layout.home.parent / "big disk"
    worker.layout.mirrors.rmdir()
    elsewhere.mkdir(mode=0o711)
    worker.layout.mirrors.symlink_to(elsewhere)
    worker.start().run("true")
    worker.server.wait_for_report(StageFinished)
    assert list(elsewhere.iterdir())
    decommission(worker)
    worker.join()
    # The link was not the worker's.
    assert (left(worker), list(elsewhere.iterdir())) == (["mirrors"], [])


def test_cut_short_it_erases_the_rest_at_its_next_start(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag, programs = worker.layout.home.parent / "flag", worker.layout.home.parent / "bin"
    programs.mkdir()
    (programs / "rm").write_text(
        f'#!/bin/sh\ncase "$*" in *mirrors/*) > {flag}; exec sleep 60;; esac\nexec /bin/rm "$@"\n'
    )
    (programs / "rm").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        daemon = worker.spawn()
    worker.run("true")
    worker.server.wait_for_report(StageFinished)
    decommission(worker)
    wait_for(flag.exists)
    os.killpg(daemon.pid, signal.SIGKILL)
    daemon.wait()
    assert not worker.layout.workspaces.exists()
    assert list(worker.layout.mirrors.iterdir())
    CredentialStore(worker.layout.credentials).load()

    again = worker.spawn()
    decommission(worker)
    assert again.wait(30) == 0
    assert left(worker) == []
    with pytest.raises(NotEnrolled):
        CredentialStore(worker.layout.credentials).load()


AS_USER = """
import os, sys
from pathlib import Path
from muster.worker import orphans
from muster.worker.layout import Layout
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(66995, 66995, 66995)
    os.setresuid(66995, 66995, 66995)
layout = Layout(Path(sys.argv[1]))
layout.make()
(layout.credentials / "credentials.json").write_text("{}")
for root in (layout.workspaces, layout.homes, layout.mirrors):
    (root / "7-1" / "closed" / "below").mkdir(parents=True)
    (root / "7-1" / "closed").chmod(0)
orphans.erase_home(layout)
"""


def test_an_ordinary_user_erases_as_much(root: Path) -> None:
    root.chmod(0o777)
    command = [sys.executable, "-c", AS_USER, str(root / "home")]
    subprocess.run(command, cwd=SOURCES, check=True)
    assert list((root / "home").iterdir()) == []


def test_what_cannot_be_erased_is_named_and_the_credentials_stay(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = worker.layout.home.parent / "bin"
    programs.mkdir()
    (programs / "rm").write_text(
        # Files that reappear during the removal.
        '#!/bin/sh\ncase "$*" in *mirrors/*) touch "${3%/*}/again";; esac\nexec /bin/rm "$@"\n'
    )
    (programs / "rm").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        daemon = worker.spawn()
    worker.run("true")
    worker.server.wait_for_report(StageFinished)
    decommission(worker)
    assert daemon.wait(30) == 1
    CredentialStore(worker.layout.credentials).load()
    assert not worker.layout.attempts.exists()
