"""A real worker on a fake server: in this process, or as `python -m muster worker run`."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from muster.protocol.frames import Author, Forget, Repo, RunStage
from muster.worker import processes
from muster.worker.daemon import Daemon
from muster.worker.layout import Layout
from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.settings import Settings
from muster.worker.shim import client as shim_client
from muster.worker.tunnels import command as tunnel_command
from tests.muster.worker import uids
from tests.muster.worker.fake_server import LIMIT, FakeServer
from tests.muster.worker.repositories import Repository
from tests.muster.worker.shared_directory import make_shared, mounted
from tests.muster.worker.user_processes import processes_of
from tests.wait import Problem, failure_of

SOURCES = Path(__file__).resolve().parents[3]
BRANCH = "muster/7-1"
SLOTS = 2


class WorkerHome:
    """`start` as often as you like; the fixture stops what still runs."""

    def __init__(self, directory: Path, server: FakeServer, repository: Repository) -> None:
        self.layout = Layout(directory, file_roots=(repository.path.parent,))
        self.layout.make()
        self.server = server
        self.repository = repository
        self.join_server()
        self.daemon: Daemon | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._problem: Problem = lambda: None
        server.watches.append(lambda: self._problem())

    def join_server(self, renew_at: float = 1e12) -> None:
        given = Credentials(self.server.url, "machine", "m", SLOTS, "jwt-1", renew_at, "secret-1")
        CredentialStore(self.layout.credentials).save(given)

    def start(self, *, stop_agents_on_exit: bool = False) -> "WorkerHome":
        return self.run_daemon(self.make_daemon(stop_agents_on_exit=stop_agents_on_exit))

    def make_daemon(self, **options: Any) -> Daemon:
        """Return a daemon whose stages see the test's directory, with the flags that let them
        continue."""
        roots, shown = self.layout.file_roots, mounted(self.layout)
        given: dict[str, Any] = {"uids": uids.OWN, **options}
        settings = Settings(file_roots=roots, sandbox_directories=shown, **given)
        return Daemon(self.layout.home, settings)

    def run_daemon(self, daemon: Daemon) -> "WorkerHome":
        """Run this one."""
        self.daemon = daemon
        thread = self._thread = threading.Thread(target=daemon.run, daemon=True)
        connected = len(self.server.hellos)
        self._thread.start()
        self._problem = lambda: None if thread.is_alive() else "the daemon has ended"
        self.server.wait_until_connected(connected + 1)
        return self

    def leave(self) -> None:
        """As on SIGTERM."""
        if self.daemon is not None and self._thread is not None:
            self.daemon.stop()
            self.join()
            self.daemon = None

    def join(self) -> None:
        assert self._thread is not None
        self._problem = lambda: None
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()

    def spawn(
        self,
        *options: str,
        program: Sequence[str] = ("muster", "worker"),
        python: Sequence[str] = (sys.executable,),
    ) -> subprocess.Popen[bytes]:
        """Start the daemon in a separate process."""
        connected = len(self.server.hellos)
        given = ["--home", str(self.layout.home)]
        given += uids.option(uids.OWN)
        given += ["--mount", str(self.layout.home.parent)]
        given += ["--mount", f"{make_shared(self.layout)}:rw"]
        given += [word for root in self.layout.file_roots for word in ("--file-root", str(root))]
        self.process = subprocess.Popen(
            [*python, "-m", *program, "run", *given, *options],
            cwd=SOURCES,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._problem = failure_of(self.process)
        self.server.wait_until_connected(connected + 1)
        return self.process

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(LIMIT)

    def run(self, script: str, stage_index: int = 0, **more: Any) -> RunStage:
        """Orders a shell stage."""
        order = self.stage(script, stage_index, **more)
        self.server.send(order)
        return order

    def stage(self, script: str, stage_index: int = 0, **more: Any) -> RunStage:
        repo = Repo(self.repository.url, "main", BRANCH)
        given: dict[str, Any] = {
            "task_id": 7,
            "attempt": 1,
            "stage_index": stage_index,
            "stage_name": "develop",
            "kind": "shell",
            "text": script,
            "variables": {"description": "do it"},
            "agent": "custom",
            "timeout": 60.0,
            "repo": repo,
            "project": "shop",
            "author": Author("Ada Dev", "ada@dev.example"),
        }
        return RunStage(**{**given, **more})

    def forget(self) -> None:
        self.server.send(Forget(7, 1))

    def stages(self) -> list[processes.Process]:
        """Return the processes in attempts of this home."""
        directories = [str(path.resolve()) for path in self.layout.attempts.iterdir()]
        return [
            p
            for d in directories
            for p in processes.find_by_environment(shim_client.SHIM_VARIABLE, d)
        ]

    def end(self) -> None:
        self.leave()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if not self.layout.attempts.exists():
            return  # a decommissioned machine has deleted everything
        for directory in self.layout.attempts.iterdir():
            shim_client.kill(directory)  # in any state
            tunnels = str(directory.resolve())
            processes.terminate_all(lambda mark=tunnels: tunnel_command.find_marked(mark), grace=0)
        if os.geteuid() == 0:  # then each claimed uid is an attempt's own
            claimed = [int(claim.name) for claim in self.layout.identities.iterdir()]
            processes.terminate_all(lambda: processes_of(*claimed), grace=0)
        with contextlib.suppress(CgroupsUnavailable):
            cgroup.find_groups(self.layout.home).remove_stale(())


@pytest.fixture
def worker(root: Path, repository: Repository) -> Iterator[WorkerHome]:
    server = FakeServer()
    home = WorkerHome(root / "home", server, repository)
    try:
        yield home
    finally:
        home.end()
        server.close()
