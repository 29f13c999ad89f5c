"""A whole Muster with two machines on which the real agents are: root's, where attempts are in full
rooms, and an ordinary user's, where there are none.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from app.server_cli.local import paths
from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import LocalMachine, await_online
from muster.protocol.attempt_key import AttemptKey
from muster.worker import processes
from muster.worker.layout import Layout
from tests.agents import agent_setup
from tests.agents.agents import NODE, NPM, PYPI, Agent
from tests.agents.model.play import Play
from tests.agents.model.script import Usage
from tests.agents.testbed import PACKAGE, RIGHT, TEST
from tests.chaos.world import end_all_of
from tests.flows.running_stack import ADMIN, PASSWORD, FollowedTask, RunningStack
from tests.gunicorns import end_at_once
from tests.hostile.caged_home import Remote
from tests.hostile.users import ATTEMPTS, PATH, USERS, User
from tests.muster.worker import uids

CALLS = ("tool", "edit", "command")
"""The kinds of entries that are calls of tools."""
MARK = "STARTED_FOR"
"""A variable that all has which a project's agents start."""


class MachineUser(LocalMachine):
    """A machine whose daemon runs as a user, without rooms unless that is root."""

    user: User

    @classmethod
    def for_user(cls, running: RunningStack, area: Path, number: int, user: User) -> MachineUser:
        made = cls(running.stack, area, number)
        object.__setattr__(made, "user", user)
        return made

    @property
    def repositories(self) -> Path:
        return self.stack.home / f"repositories-{self.number}"

    @property
    def layout(self) -> Layout:
        return Layout(self.home)

    @property
    def process(self) -> str:
        """The daemon's name among the stack's processes."""
        return f"machine-{self.number}"

    def kill(self) -> None:
        """Ends the daemon alone, as in a crash."""
        self.stack.processes[self.process].kill()

    def kill_shim(self, task: FollowedTask) -> None:
        """Likewise the shim of a task's first attempt."""
        directory = self.layout.attempt(AttemptKey(task.id, 1)).resolve()
        [shim] = processes.find_by_arguments("-I", "-S", str(directory))
        os.kill(shim.pid, signal.SIGKILL)

    def serve(self) -> None:
        """Starts the daemon."""
        level = "none" if self.user.uid else "full"
        self.start_with([sys.executable], {}, level, ATTEMPTS)

    def start_with(
        self, python: Sequence[str], more: Mapping[str, str], level: str, uid_range: range
    ) -> None:
        """Starts the daemon by that Python, with more variables."""
        self.repositories.mkdir()
        self.user.own(self.home, self.repositories)
        argv = [*python, "-m", "muster", "worker", "run", "--home", str(self.home)]
        argv += [*uids.option(uid_range), "--file-root", str(self.repositories), "--sandbox", level]
        path = os.pathsep.join([str(NPM), str(NODE), str(PYPI), PATH])
        env = {"PATH": path, "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1", **more}
        self.stack.launch(self.process, self.user.command(*argv), env, may_end=True)


class Service(RunningStack):
    """`places` are its machines, by the names of their users."""

    def furnish(self) -> None:
        flask = (sys.executable, "-m", "flask", "--app", "wsgi")
        self.stack.run("admin", [*flask, "create-admin", "--password", PASSWORD])
        self.api = ApiClient(self.stack.url)
        self.api.login(ADMIN, PASSWORD)
        area = paths.machines_directory(self.home)
        users = enumerate(USERS, 1)
        self.places = {
            user.name: MachineUser.for_user(self, area, number, user) for number, user in users
        }
        for place in self.places.values():
            place.enroll(self.api, "--slots", "4")  # most of what runs waits for somebody
            place.serve()
        await_online(self.stack, len(self.places))
        machines = self.api.get("/api/web/machines")["items"]
        self.ids = {machine["name"]: machine["id"] for machine in machines}
        self.numbers = itertools.count(1)

    def slots_used(self, place: MachineUser) -> int:
        machine = self.api.get(f"/api/web/machines/{self.ids[place.name]}")
        return int(machine["slots"]["used"])

    def given(
        self, place: MachineUser, agent: Agent, url: str, play: Play | str | None, **fields: Any
    ) -> AgentProject:
        """A project of a broken package, whose tasks run there with the key of the play, if any.

        `fields` are more of the project's; its `environment` is more of the agent's.
        """
        given = AgentProject(self, place, agent, url, fields)
        if play is not None:
            given.set_key(play)
        return given


class AgentProject:
    """A project: its repository, and an agent that asks the model at `url`."""

    def __init__(
        self,
        service: Service,
        place: MachineUser,
        agent: Agent,
        url: str,
        fields: Mapping[str, Any],
    ) -> None:
        self.service, self.place, self.agent, self.url = service, place, agent, url
        self.name = f"{agent.name.upper()}-{next(service.numbers)}"
        self.mark = f"{self.name}-of-{os.getpid()}"
        self.remote = Remote.create(place.repositories / f"{self.name}.git")
        package = {"__init__.py": PACKAGE, "test_double.py": TEST}
        files = {f"arithmetic/{file}": text for file, text in package.items()}
        self.remote.commit({".gitignore": "__pycache__\n", **files})
        place.user.own(self.remote.path)
        way = agent_setup.setup_for(agent, url, "")
        environment = {**way.environment, **fields.get("environment", {}), MARK: self.mark}
        about = {"key": self.name, "repoUrl": self.remote.path.as_uri(), "agentType": agent.name}
        service.api.post("/api/admin/projects", {**about, **fields, "environment": environment})

    def set_key(self, play: Play | str) -> None:
        """From now on the agent has the key of this play, or this key."""
        key = play if isinstance(play, str) else play.key
        self._put(secrets=agent_setup.setup_for(self.agent, self.url, key).secrets)

    def ask(
        self, *texts: str, budget: Mapping[str, Any] | None = None, **options: Any
    ) -> FollowedTask:
        """A task with a stage for each text, which its agent is asked with these options; by
        default it may do all."""
        stages = [{"name": f"stage-{n}", "command": text} for n, text in enumerate(texts)]
        own = agent_setup.setup_for(self.agent, self.url, "").options
        self._put(pipeline=stages, agentOptions={"permissions": "all", **own, **options})
        machine = self.service.ids[self.place.name]
        return self.service.task(self.name, "Repair the package.", machineId=machine, budget=budget)

    def is_repaired(self, branch: str) -> bool:
        """Whether what is pushed there has the package repaired."""
        return RIGHT.strip() in self.remote.git("show", f"{branch}:arithmetic/__init__.py")

    def _put(self, **fields: Any) -> None:
        self.service.api.put(f"/api/web/projects/{self.name}", fields)

    @property
    def living(self) -> list[bytes]:
        """The command lines of all that its agents have started and that still runs."""
        return [_command(each.pid) for each in processes.find_by_environment(MARK, self.mark)]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def transcript(task: FollowedTask, *kinds: str, attempt: int | None = None) -> list[dict[str, Any]]:
    """All of the latest attempt's, or of another's; or the entries of these kinds."""
    items: list[dict[str, Any]] = []
    of = {} if attempt is None else {"attempt": attempt}
    cursor = None
    while True:
        asked = {"limit": 100, **of} | ({"cursor": cursor} if cursor else {})
        page = task.running.api.get(f"{task.path}/transcript", **asked)
        items += page["items"]
        if (cursor := page["nextCursor"]) is None:
            return [item for item in items if not kinds or item["kind"] in kinds]


def token_usage(task: FollowedTask) -> Usage:
    """What its figures say that its agents took."""
    usage = task.now()["usage"]
    return Usage(
        usage["inputTokens"] - usage["cachedTokens"],
        usage["cachedTokens"],
        usage["outputTokens"],
        usage["reasoningTokens"] or 0,  # claude does not tell
    )


@contextmanager
def in_service() -> Iterator[Service]:
    home = Path(tempfile.mkdtemp(prefix="muster-agents-"))
    home.chmod(0o755)
    service = Service(home, {})
    try:
        with service.stack:
            service.furnish()
            yield service
            end_at_once(service.stack)
    finally:
        end_all_of(home)  # shims outlive their daemons
        shutil.rmtree(home)
