"""A whole Muster for a chaos run: servers, machines, a repository, people with their tokens."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.embedded import ports
from app.embedded.stack import Stack
from app.server_cli.local import admin, paths
from app.server_cli.local.api import ApiClient
from demo import interpreter
from demo.repository import BASE, Repository
from tests.chaos import agent, agent_programs, listening_agent, probe, schedule, stage_notes
from tests.chaos.history import Recorder
from tests.chaos.machines import Machine
from tests.chaos.plan import KINDS, Kind
from tests.chaos.proxy import Proxy, ProxyPort
from tests.gunicorns import SERVERS, two_servers

LEASE = 20.0
PEOPLE = ("ann", "bob", "eve", "joe")
PASSWORD = "a password that only chaos uses"
_SECRET = "chaos-secret-8d0f2b71c6"
_AGENT = "chaos-agent"
_ADAPTER = """\
name = "{name}"
binary = "{name}"
headless = ["{name}", "{{options}}", "--", "{{text}}"]
structured = ["--read"]
format = "claude"

[mcp]
arguments = ["--asking", "{{command}}"]

[environment]
CHAOS_NOTES = "{notes}"
"""
_SETTINGS = {
    **dict.fromkeys(
        ("DATABASE_URL", "REDIS_URL", "MUSTER_TLS_CERT", "MUSTER_TLS_KEY", "MUSTER_PROXY"), ""
    ),
    "MUSTER_ADMIN_PASSWORD": PASSWORD,
    "MUSTER_EMBEDDED_FSYNC": "off",
    "MUSTER_HEARTBEAT_SECONDS": "2",
    "MUSTER_SILENCE_SECONDS": "6",
    "MUSTER_LEASE_SECONDS": str(LEASE),
    "MUSTER_MAX_LOAD_PERCENT": "101",  # being busy is what these machines are here for
    "MUSTER_MAX_DISK_PERCENT": "101",
    "MUSTER_REQUESTS_PER_MINUTE": "10000000",  # nor may people be, who are few
    "MUSTER_WEB_WORKERS": "1",
    "MUSTER_WORKSPACE_SECONDS": "40",
}


class World:
    """Everything in `directory`, which must be open to all users; as a context manager it runs."""

    def __init__(
        self, directory: Path, say: Callable[[str], None], settings: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self.notes = directory / "notes"
        self.history = directory / "history"
        self._say = say
        second = ports.find_free_port()
        table = two_servers(second)
        self.stack = Stack(
            directory / "home",
            ports.find_free_port(),
            {**_SETTINGS, **(settings or {})},
            say,
            table,
        )
        self.ports = (self.stack.port, second)
        self.repository = Repository(directory / "repository.git")

    def __enter__(self) -> Self:
        self.history.mkdir()
        self.notes.mkdir()
        self.notes.chmod(0o1777)  # stages have uids of their own
        self.recorder = Recorder(self.history)
        self.proxy = Proxy()
        try:
            self.stack.__enter__()
            self._furnish()
        except BaseException as problem:
            self.__exit__(type(problem), problem, problem.__traceback__)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._say("stopping every process")
        for machine in getattr(self, "machines", []):
            machine.signal_all(signal.SIGCONT, lambda process: process.state not in "Tt")
        self.stack.__exit__(kind, problem, trace)
        end_all_of(self.directory)
        self.proxy.close()
        self.recorder.close()

    def server(self, number: int) -> str:
        return SERVERS[number]

    def _furnish(self) -> None:
        admin.create_admin(self.stack)
        self.api = ApiClient(self.stack.url)
        self.api.login(admin.ADMIN_NAME, PASSWORD)
        self._make_repository()
        self._make_projects()
        agents = self._make_agents()
        self.tokens = {name: self._make_person(name) for name in PEOPLE}
        self.clients: ProxyPort = self.proxy.open_port(*self.ports)
        area = paths.machines_directory(self.stack.home)
        self.machines = [
            Machine(
                self.stack, area / str(number), number, self.proxy.open_port(*self.ports), agents
            )
            for number in range(schedule.MACHINES)
        ]
        self._say("enrolling the machines")
        for machine in self.machines:
            machine.enroll(self.api)
            machine.start()

    def _make_repository(self) -> None:
        self.repository.fill()
        hook = self.repository.path / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(stage_notes.HOOK.format(notes=self.notes / stage_notes.PUSHES))
        hook.chmod(0o755)

    def _make_projects(self) -> None:
        program = self.directory / "probe.py"
        shutil.copy(Path(probe.__file__), program)
        program.chmod(0o644)
        command = f"exec {interpreter.find()} -I -S {program} {self.notes}"
        for kind in KINDS.values():
            project: dict[str, Any] = {
                "key": kind.key,
                "name": kind.key,
                "repoUrl": self.repository.url,
                "defaultBranch": BASE,
                **_agent_of(kind),
                "pipeline": kind.pipeline(command),
                "secrets": {"CHAOS": _SECRET},
            }
            self.api.post("/api/admin/projects", project)

    def _make_agents(self) -> Path:
        """An operator's adapter and its agent, and a stand-in for claude."""
        there = self.directory / "agents"
        there.mkdir()
        (there / f"{_AGENT}.toml").write_text(_ADAPTER.format(name=_AGENT, notes=self.notes))
        agent_programs.install(agent, there, _AGENT)
        agent_programs.install(listening_agent, there, "claude")
        return there

    def _make_person(self, name: str) -> str:
        """A personal access token."""
        person = {"name": name, "password": PASSWORD, "role": "admin"}
        about = {"gitName": name, "gitEmail": f"{name}@chaos.invalid"}
        self.api.post("/api/admin/developers", person | about)
        own = ApiClient(self.stack.url)
        own.login(name, PASSWORD)
        return str(own.post("/api/web/profile/tokens", {"label": "chaos"})["token"])


def _agent_of(kind: Kind) -> dict[str, Any]:
    if kind.is_steered:
        return {"agentType": "claude", "agentOptions": {"approvals": "ask"}}
    return {"agentType": _AGENT if kind.is_agents else "custom", "agentCommand": "true"}


def end_all_of(directory: Path) -> None:
    """Kill whatever still has to do with the directory: in its arguments, its environment or its
    place. Nobody but this run knows of it."""
    sign = os.fsencode(directory)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            text += bytes((entry / "cwd").readlink())
            if sign in text and int(entry.name) != os.getpid():
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue


def marks(repository: Repository, commits: list[str]) -> list[dict[str, str]]:
    """What the stages left in the tree of each commit, by stage."""
    stages = [str(number) for number in range(max(len(k.gates) for k in KINDS.values()))]
    names = [f"{commit}:chaos/{stage}" for commit in commits for stage in stages]
    output = subprocess.run(
        ["git", f"--git-dir={repository.path}", "cat-file", "--batch"],
        input="".join(f"{name}\n" for name in names).encode(),
        capture_output=True,
        check=True,
    ).stdout.split(b"\n")
    found: list[dict[str, str]] = [{} for _ in commits]
    lines = iter(output)
    for number, name in enumerate(names):
        if next(lines).endswith(b" missing"):
            continue
        found[number // len(stages)][name.rpartition("/")[2]] = next(lines).decode()
    return found
