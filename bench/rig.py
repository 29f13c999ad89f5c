"""The Muster that a benchmark measures, in a temporary directory."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from app.embedded import ports
from app.embedded.processes import wait_until
from app.embedded.stack import Stack
from app.server_cli.local import admin
from bench.command import Print
from bench.errors import NotMeasured
from bench.session import Session
from demo.repository import BASE, Repository
from muster.protocol.frames import SandboxLevel
from muster.worker.layout import Layout
from muster.worker.sandbox.uids import uids_for_daemon
from muster.worker.server.credentials import CredentialStore
from tests.app.control_channel.simulated_machine import SimulatedMachine

TASKS = "/api/web/tasks"
_WORKER = (sys.executable, "-m", "muster", "worker")
_POLL_SECONDS = 0.02
_ENDS = frozenset({"completed", "failed", "cancelled"})
# Unset another Muster's servers and certificates. Disable the load limits, because these machines
# are busy on purpose.
_SETTINGS = {
    **dict.fromkeys(
        ("DATABASE_URL", "REDIS_URL", "MUSTER_TLS_CERT", "MUSTER_TLS_KEY", "MUSTER_PROXY"), ""
    ),
    "MUSTER_MAX_LOAD_PERCENT": "101",
    "MUSTER_MAX_DISK_PERCENT": "101",
    # One session sends all requests.
    "MUSTER_REQUESTS_PER_MINUTE": "10000000",
}


@dataclass(frozen=True)
class Rig:
    """A running Muster, an admin's session and a small repository. `scratch` is for files."""

    stack: Stack
    session: Session
    repository: Repository
    scratch: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def add_project(
        self, key: str, agent: str, command: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Create a project whose only stage is that shell command."""
        project: dict[str, Any] = {
            "key": key,
            "repoUrl": self.repository.url,
            "defaultBranch": BASE,
            "agentType": agent,
            "pipeline": [{"name": "measured", "kind": "shell", "command": command}],
            "environment": dict(environment or {}),
        }
        if agent == "custom":
            project["agentCommand"] = "true"
        self.session.post("/api/admin/projects", project)

    @property
    def shared(self) -> Path:
        """A directory that attempts can write to."""
        path = self.scratch / "shared"
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
        return path

    def simulated_machine(self) -> SimulatedMachine:
        """Connect a machine in this process that offers `claude` and runs nothing."""
        machine = SimulatedMachine.enroll(self.stack.url, self._enrollment_token())
        machine.connect()
        return machine

    def start_worker(self, slots: int, name: str = "measured", room: SandboxLevel = "full") -> str:
        """Start a real worker with at most that sandbox level.

        Returns the machine's ID once it's online.
        """
        home = self.scratch / name
        command = ("enroll", "--server", self.stack.url, "--token", self._enrollment_token())
        options = ("--name", name, "--slots", str(slots), "--home", str(home))
        self.stack.run(f"enroll-{name}", [*_WORKER, *command, *options])
        uids = uids_for_daemon(next(self._numbers))
        run = ("run", "--home", str(home), "--stop-agents-on-exit", "--sandbox", room)
        file_root = ("--file-root", str(self.repository.path.parent))
        stamps = ("--mount", f"{self.shared}:rw")
        users = ("--uids", f"{uids[0]}-{uids[-1]}")
        self.stack.launch(name, [*_WORKER, *run, *users, *file_root, *stamps])
        machine_id = CredentialStore(Layout(home).credentials).machine_id()
        online = partial(self._is_online, machine_id)
        self._await(online, 30.0, f"the machine {name} isn't online")
        return machine_id

    def sandbox_level(self, machine_id: str) -> str:
        """Return the machine's sandbox level."""
        return str(self._machine(machine_id)["sandbox"]["level"])

    def wait_until_completed(self, task_id: int, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until the task completes, and return it. Raises NotMeasured if it ends otherwise."""
        task: dict[str, Any] = {}

        def has_ended() -> bool:
            task.update(self.session.get(f"{TASKS}/{task_id}"))
            return task["status"] in _ENDS

        self._await(has_ended, seconds, f"task {task_id} hasn't ended")
        if task["status"] != "completed":
            raise NotMeasured(f"task {task_id} {task['status']}: {task['failure']}")
        return task

    def _enrollment_token(self) -> str:
        return str(self.session.post("/api/admin/worker-tokens", {"label": "bench"})["token"])

    def _is_online(self, machine_id: str) -> bool:
        self.stack.check()
        return bool(self._machine(machine_id)["status"] == "online")

    def _machine(self, machine_id: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.session.get("/api/web/machines?limit=100")["items"]
        return next(machine for machine in found if machine["id"] == machine_id)

    def _await(self, condition: Callable[[], bool], seconds: float, complaint: str) -> None:
        if not wait_until(condition, seconds, pause=_POLL_SECONDS):
            raise NotMeasured(f"{complaint} after {seconds:.0f} s; see {self.stack.home}/logs")


@contextmanager
def running_rig(say: Print) -> Iterator[Rig]:
    """Start a rig; on exit, stop every process and remove every file."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        scratch = Path(name)
        scratch.chmod(0o755)  # under root, attempts' own users need access
        password = admin.new_password()
        env = {**_SETTINGS, "MUSTER_ADMIN_PASSWORD": password}
        with Stack(scratch / "home", ports.find_free_port(), env, say=say) as stack:
            admin.create_admin(stack)
            session = Session(stack.port)
            session.login(admin.ADMIN_NAME, password)
            repository = Repository(scratch / "small.git")
            repository.fill()
            yield Rig(stack, session, repository, scratch)
            session.close()
            say("stopping every process")
