"""A backup under load, restored elsewhere: the machine comes along, and its work is done once.

A complete Muster works through tasks; it is backed up, continues, and is lost with everything
since. Another one is restored from the backup, on another port. Each stage records that it ran,
where both can read it; the repository has every push.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import ports
from app.embedded.stack import Stack
from app.server_cli.local import admin, paths
from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import await_online
from demo.repository import Repository
from tests.chaos.machines import Machine
from tests.chaos.proxy import Proxy
from tests.chaos.world import end_all_of
from tests.flows.running_stack import PASSWORD, RunningStack, wait_for
from tests.gunicorns import ROOT

SETTINGS = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "MUSTER_ADMIN_PASSWORD": PASSWORD,
    "MUSTER_EMBEDDED_FSYNC": "off",
    "MUSTER_HEARTBEAT_SECONDS": "1",
    "MUSTER_SILENCE_SECONDS": "6",
    "MUSTER_LEASE_SECONDS": "60",
    "MUSTER_MAX_LOAD_PERCENT": "101",
    "MUSTER_MAX_DISK_PERCENT": "101",
    "MUSTER_WEB_WORKERS": "1",
}
TIMEOUT_SECONDS = 300.0
# A task's second stage waits for the flag that its description names.
FREE, FIRST, SECOND = "free", "first", "second"
BEFORE = [FREE] * 3 + [FIRST] * 6 + [SECOND] * 5  # tasks made before the backup, in their order
AFTER = [FIRST] * 2  # and after it; they go first


class MovedServer(RunningStack):
    """A Muster that is lost, and made again: `stack` is the one that is there."""

    def __init__(self, home: Path) -> None:
        self.home, self.notes, self.file = home, home / "notes", home / "backup"
        self.proxy = Proxy()
        self.begin("old")

    def begin(self, name: str) -> None:
        self.stack = Stack(self.home / name, ports.find_free_port(), SETTINGS)

    def furnish(self) -> None:
        self.notes.mkdir()
        self.notes.chmod(0o1777)  # stages have their own uids
        admin.create_admin(self.stack)
        self.sign_in()
        self.repository = Repository(self.home / "repository.git")
        self.repository.fill()
        self.way = self.proxy.open_port(self.stack.port)
        self.area = paths.machines_directory(self.stack.home) / "0"
        self.worker().enroll(self.api)
        self.start_worker()
        stages = [
            {"name": name, "kind": "shell", "command": self.command(name)}
            for name in ("one", "two")
        ]
        self.project("P", *stages)

    def sign_in(self) -> None:
        self.api = ApiClient(self.stack.url)
        self.api.login(admin.ADMIN_NAME, PASSWORD)

    def worker(self) -> Machine:
        return Machine(self.stack, self.area, 0, self.way)

    def start_worker(self) -> None:
        self.worker().start(self.stack.url)
        await_online(self.stack, 1)

    def command(self, stage: str) -> str:
        note = f"echo $MUSTER_TASK_ID {stage} $MUSTER_ATTEMPT >> {self.notes}/ran-$MUSTER_TASK_ID"
        waits = f"until [ -e {self.notes}/$MUSTER_DESCRIPTION ]; do sleep 0.2; done"
        return f"{note}; {waits if stage == 'two' else 'true'}; echo {stage} > {stage}"

    def raise_flag(self, name: str) -> None:
        (self.notes / name).touch()

    def wait_until_done(self, count: int, running: int) -> None:
        """Until so many tasks are completed, and so many others run."""

        def poll() -> bool:
            found = self.statuses()
            assert not found["failed"], "a task has failed"
            return (found["completed"], found["running"]) == (count, running)

        wait_for(poll, f"{count} completed, {running} running", TIMEOUT_SECONDS)

    def muster_server(self, *words: str, home: str) -> str:
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")
        }
        environment |= {"MUSTER_HOME": str(self.home / home), "MUSTER_EMBEDDED_FSYNC": "off"}
        environment |= {"MUSTER_BACKUP_PASSPHRASE": "correct horse battery staple"}
        command = [sys.executable, "-m", "app.server_cli", *words]
        done = subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def statuses(self) -> Counter[str]:
        found = self.api.get("/api/web/tasks", limit=200)["items"]
        return Counter(task["status"] for task in found)

    def ran(self) -> dict[int, list[str]]:
        """What each task's stages noted: the stage, and the attempt's number."""
        return {
            int(path.name.removeprefix("ran-")): [
                line.partition(" ")[2] for line in path.read_text().splitlines()
            ]
            for path in self.notes.glob("ran-*")
        }

    def branches(self, task_id: int) -> list[str]:
        found = self.repository.git(
            "for-each-ref", "--format=%(refname:short)", f"refs/heads/muster/{task_id}-*"
        )
        return found.split()


@pytest.fixture
def moved_server() -> Iterator[MovedServer]:
    home = Path(tempfile.mkdtemp(prefix="muster-moved-"))
    home.chmod(0o755)  # attempts have their own uids, and need access to the repository
    world = MovedServer(home)
    yield world
    world.proxy.close()
    end_all_of(home)  # shims outlive their daemon
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.timeout(900)
def test_a_server_restored_from_a_backup_continues_with_its_machines(
    moved_server: MovedServer,
) -> None:
    with moved_server.stack:
        moved_server.furnish()
        moved_server.raise_flag(FREE)
        tasks = [moved_server.task("P", flag) for flag in BEFORE]
        moved_server.wait_until_done(BEFORE.count(FREE), running=2)
        moved_server.muster_server("backup", str(moved_server.file), home="old")
        later = [moved_server.task("P", flag, priority=9) for flag in AFTER]
        moved_server.raise_flag(FIRST)  # of before the backup two are running, and four wait
        known = BEFORE.count(FREE) + BEFORE.count(FIRST)
        moved_server.wait_until_done(known + len(AFTER), running=2)
    moved_server.raise_flag(SECOND)  # running stages finish while there is no server
    before = moved_server.ran()

    moved_server.muster_server(
        "restore", str(moved_server.file), "--into", str(moved_server.home / "new"), home="new"
    )
    moved_server.begin("new")
    with moved_server.stack:
        moved_server.sign_in()
        assert moved_server.statuses()["completed"] == BEFORE.count(FREE)
        moved_server.start_worker()
        for task in tasks:
            task.wait_for_status("completed", patience=TIMEOUT_SECONDS)
        new = moved_server.task("P", FREE)
        done = new.wait_for_status("completed", patience=TIMEOUT_SECONDS)

        ran = moved_server.ran()
        numbers = [by_which_attempt(ran[task.id]) for task in tasks]
        # The old server's attempts continue; waiting tasks get new ones, with the next number.
        assert set(numbers[: known + 2]) == {1}
        assert min(numbers[known + 2 :]) > 1000
        assert [moved_server.branches(task.id) for task in tasks] == [
            [f"muster/{task.id}-{number}"] for task, number in zip(tasks, numbers, strict=True)
        ]
        assert moved_server.statuses() == {"completed": len(BEFORE) + 1}
        # Everything after the backup is unknown, and nothing starts again.
        assert {task.id: ran.get(task.id) for task in later} == {
            task.id: before.get(task.id) for task in later
        }
        assert new.id > later[-1].id
        assert done["attempt"] > 1000
        wait_for(
            lambda: known_to(moved_server) <= {task.id for task in [*tasks, new]}, "forgetting"
        )


def by_which_attempt(notes: list[str]) -> int:
    """The attempt that did all of a task. Each of its stages ran once, both in that one."""
    assert [note.partition(" ")[0] for note in notes] == ["one", "two"]
    [number] = {int(note.partition(" ")[2]) for note in notes}
    return number


def known_to(moved: MovedServer) -> set[int]:
    """Return the tasks whose attempts the machine has."""
    return {int(path.name.partition("-")[0]) for path in moved.worker().layout.attempts.iterdir()}
