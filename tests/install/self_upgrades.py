"""A server whose machines upgrade themselves: its packages for them, and older machines."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.server_cli.local import admin
from app.server_cli.local.api import ApiClient
from demo.repository import Repository
from muster import __version__
from packages import build
from tests.flows.running_stack import PASSWORD, FollowedTask, RunningStack
from tests.install import two_versions
from tests.install.two_versions import BREAKAGES, Breakage
from tests.wait import exit_of, find_first, wait_until

BEFORE = "0.0.9"
TIMEOUT_SECONDS = 300.0
COUNT = 4
ENV = {
    "MUSTER_ADMIN_PASSWORD": PASSWORD,
    "MUSTER_HEARTBEAT_SECONDS": "1",
    "MUSTER_LEASE_SECONDS": "40",
}


class Wheels:
    """Client packages of this tree, made when they are asked for."""

    def __init__(self, area: Path) -> None:
        self.area = area

    def of_before(self) -> Path:
        return self._made("before", _lower)

    def good(self) -> Path:
        return self._made("good", lambda tree: None)

    def broken(self, fault: str) -> Path:
        return self._made(fault, BREAKAGES[fault])

    def _made(self, name: str, change: Breakage) -> Path:
        tree, place = self.area / "clients" / name / "tree", self.area / "clients" / name
        if not tree.exists():
            two_versions.copy(tree)
            change(tree)
            build.build_wheel(build.CLIENT, place, tree)
        [wheel] = place.glob("*.whl")
        return wheel


def _lower(tree: Path) -> None:
    two_versions.replace(tree / "muster" / "__init__.py", f'"{__version__}"', f'"{BEFORE}"')


class World(RunningStack):
    """The server; `carried` has its packages for machines."""

    def __init__(self, home: Path, wheels: Wheels, base: Path) -> None:
        self.carried = home / "carried"
        super().__init__(home, {**ENV, "MUSTER_INSTALL": str(self.carried)})
        self.wheels, self.base = wheels, base
        self.notes = home / "notes"

    def furnish(self) -> None:
        admin.create_admin(self.stack)
        self.api = ApiClient(self.stack.url)
        self.api.login(admin.ADMIN_NAME, PASSWORD)
        self.repository = Repository(self.home / "repository.git")
        self.repository.fill()
        self.notes.mkdir()
        self.notes.chmod(0o1777)

    def carry(self, wheel: Path) -> None:
        shutil.rmtree(self.carried, ignore_errors=True)
        self.carried.mkdir()
        shutil.copy(wheel, self.carried)
        shutil.copy(build.ROOT / "requirements-worker.txt", self.carried)

    def upgrades(self, when: str) -> None:
        self.api.put("/api/admin/settings", {"machineUpgrades": when})


class Machine:
    """One machine, with a worker of the version before."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.home = world.home / name
        self.log = world.home / f"{name}.log"
        token = world.api.post("/api/admin/worker-tokens", {})["token"]
        asked = ("--server", world.stack.url, "--token", "-", "--name", name, "--slots", str(COUNT))
        argv = [*self._worker("enroll"), *asked]
        subprocess.run(argv, input=str(token), text=True, check=True, capture_output=True)

    def _worker(self, verb: str) -> list[str]:
        return [
            str(self.world.base),
            "-P",
            "-m",
            "muster",
            "worker",
            verb,
            "--home",
            str(self.home),
        ]

    def start(self, *options: str) -> None:
        seen = ("--file-root", str(self.world.home), "--mount", f"{self.world.notes}:rw")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*self._worker("run"), *seen, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                start_new_session=True,
            )
        self.wait_for(lambda: self.now["connected"], f"{self.name} that is connected")

    def wait_for(self, look: Callable[[], Any], what: str) -> Any:
        """The first true answer; fails at once when the worker has exited."""
        return wait_until(look, what, TIMEOUT_SECONDS, problem=exit_of(self.process, self.log))

    @property
    def now(self) -> dict[str, Any]:
        found = self.world.api.get("/api/web/machines")["items"]
        return dict(next(each for each in found if each["name"] == self.name))

    def wait_for_state(self, state: str) -> dict[str, Any]:
        def poll() -> dict[str, Any] | None:
            now = self.now
            return now["upgrade"] if now["upgrade"]["state"] == state else None

        return self.wait_for(poll, f"{self.name} that is {state}: {self.now['upgrade']}")

    def wait_for_version(self, version: str) -> None:
        self.wait_for(lambda: self.now["version"] == version, f"{self.name} of {version}")

    def poll_again(self) -> None:
        """Make its connection compute the offer again."""
        for pinned in (True, False):
            self.world.api.put(f"/api/admin/machines/{self.now['id']}", {"pinned": pinned})

    def wait_until_settled(self) -> None:
        """It is the release that the process which was started has become."""
        releases = f"{self.home}/releases/".encode()
        command = Path(f"/proc/{self.process.pid}/cmdline")
        self.wait_for(lambda: releases in command.read_bytes(), "process of the release")
        self.wait_for(lambda: self.now["connected"], "connection")

    def stop(self) -> None:
        """Decommission it; it deletes its files, including its release."""
        body = {"status": "decommissioned"}
        self.world.api.put(f"/api/admin/machines/{self.now['id']}", body)
        self.process.wait(60)
        assert not list(self.home.glob("releases/*"))


class Work:
    """Attempts on the machine, each of which waits in its second stage for a flag."""

    def __init__(self, machine: Machine, count: int) -> None:
        world = self.world = machine.world
        self.flag = world.notes / f"flag-{machine.name}"
        self.ran = f"{world.notes}/{machine.name}-ran"
        note = f"echo $MUSTER_STAGE $MUSTER_ATTEMPT >> {self.ran}-$MUSTER_TASK_ID"
        count_up = "n=0; until [ -e {flag} ]; do echo line $n; n=$((n+1)); sleep 0.1; done"
        command = f"{note}; {count_up.format(flag=self.flag)}; echo last $n; echo x > done"
        stages = [
            {"name": name, "kind": "shell", "command": text}
            for name, text in (("one", note), ("two", command))
        ]
        world.project(machine.name.upper(), *stages)
        given = {"machineId": machine.now["id"]}
        self.tasks = [world.task(machine.name.upper(), **given) for _ in range(count)]
        wait_until(
            lambda: self.notes() == [2] * count,
            "attempts at work",
            TIMEOUT_SECONDS,
            problem=find_first(*(task.find_problem for task in self.tasks)),
        )

    def notes(self) -> list[int]:
        found = self.world.notes.glob(f"{Path(self.ran).name}-*")
        return [len(path.read_text().splitlines()) for path in found]

    def require_live(self) -> None:
        found = [(task.now()["status"], task.now()["attempt"]) for task in self.tasks]
        assert found == [("running", 1)] * len(self.tasks)

    def end(self) -> None:
        """Each continued as the first attempt, with each stage once, and a log without gaps."""
        self.flag.touch()
        for task in self.tasks:
            assert task.wait_for_status("completed", patience=TIMEOUT_SECONDS)["attempt"] == 1
            _require_exact(task)
        assert self.notes() == [2] * len(self.tasks)


def _require_exact(task: FollowedTask) -> None:
    log = task.wait_until_logged(b"last ")
    lines = [line for line in log.decode().splitlines() if line.startswith(("line ", "last "))]
    last = int(lines[-1].removeprefix("last "))
    assert lines[:-1] == [f"line {n}" for n in range(last)]
