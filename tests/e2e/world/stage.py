"""A whole Muster with a team in it: people, projects with repositories, machines, sessions."""

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.embedded.stack import Stack
from app.server_cli.local import paths
from app.server_cli.local.admin import create_admin
from app.server_cli.local.api import ApiClient, ApiError
from app.server_cli.local.machines import LocalMachine
from demo import interpreter
from demo.repository import Repository
from tests.chaos.world import end_all_of
from tests.e2e.world import actor, actor_input, sources, team
from tests.e2e.world.scenes import SCENES
from tests.flows.running_stack import wait_for
from tests.wait import explain_task, wait_until

TIMEOUT_SECONDS = 240.0  # seconds for each state of a task: the machine may be busy
Say = Callable[[str], None]
# What opens tunnels, with VS Code's words: it connects nothing.
TUNNELS = """#!/bin/sh
echo "Open this link in your browser https://vscode.dev/tunnel/$4$PWD"
exec sleep infinity
"""


def choose_own_password(url: str, name: str, password: str) -> None:
    """Make a password that an admin typed the person's own: no dialog asks for another."""
    api = ApiClient(url)
    api.login(name, password)
    api.put("/api/web/profile/password", {"currentPassword": password, "newPassword": password})


@dataclass(frozen=True)
class Named(LocalMachine):
    """A local machine with a name of its own."""

    given: str = ""

    @property
    def name(self) -> str:
        return self.given

    def silence(self) -> None:
        """Its daemon and all that it runs end without a word."""
        # Taken out of the stack first: none of its children may end by itself.
        self.stack._children.pop(f"machine-{self.number}").kill_group()
        end_all_of(self.home)


class World:
    """`admin` is the admin's session, `people` those of the team by name, all with the same
    password; `repositories` and `machines` are by name too. Of the team's machines it has those
    that are `named`."""

    def __init__(
        self, stack: Stack, password: str, say: Say, named: Collection[str] = team.MACHINES
    ) -> None:
        self.stack, self.password, self.say, self._named = stack, password, say, named
        self.admin = ApiClient(stack.url)
        self.people: dict[str, ApiClient] = {}
        self.repositories: dict[str, Repository] = {}
        self.machines: dict[str, Named] = {}

    @property
    def agents(self) -> Path:
        return self.stack.home / "agents"

    def furnish(self) -> bool:
        """All but the tasks. False where this was done at an earlier start, but for the machines,
        which are started anew."""
        create_admin(self.stack)
        self.admin.login("admin", self.password)
        self._allow_many_streams()
        self._write_agents()
        self._fill_repositories()
        is_new = not self.admin.get("/api/admin/projects")["items"]
        if is_new:
            self.say("people and projects")
            self._make_people()
            self._make_projects()
        self._start_machines()
        self._sign_in()
        return is_new

    def attach(self) -> None:
        """To one that runs in the stack's home already."""
        self.admin.login("admin", self.password)
        self._allow_many_streams()
        self._write_agents()
        self._fill_repositories()
        self._sign_in()

    def _allow_many_streams(self) -> None:
        """Whoever looks at all pages at once leaves many behind, each for some seconds."""
        self.admin.put("/api/admin/settings", {"streamsPerDeveloper": 1000})

    def _sign_in(self) -> None:
        for name in team.PEOPLE:
            self.people[name] = ApiClient(self.stack.url)
            self.people[name].login(name, self.password)

    def task(self, who: str, project: str, text: str, **fields: Any) -> "TaskView":
        api = self.people.get(who, self.admin)
        body = {"projectKey": project, "description": text, **fields}
        return TaskView(self, api, int(api.post("/api/web/tasks", body)["id"]))

    def machine_id(self, name: str) -> str:
        machines = self.admin.get("/api/web/machines")["items"]
        return next((str(each["id"]) for each in machines if each["name"] == name), "")

    def _write_agents(self) -> None:
        self.agents.mkdir(exist_ok=True)
        (self.agents / "scenes.json").write_text(json.dumps(SCENES))
        (self.agents / "actor_input.py").write_text(Path(actor_input.__file__).read_text())
        text = f"#!{interpreter.find()} -S\n{Path(actor.__file__).read_text()}"
        _put(self.agents / "claude", text)
        _put(self.agents / "codex", "#!/bin/sh\necho 'codex-cli 0.169.0'\n")
        _put(self.agents / "code", TUNNELS)

    def _make_people(self) -> None:
        for name, (role, git_name) in team.PEOPLE.items():
            email = f"{name}@northmoor.example"
            self.admin.post(
                "/api/admin/developers",
                {"name": name, "password": self.password, "role": role, "gitName": git_name,
                 "gitEmail": email, "email": email},
            )  # fmt: skip
            choose_own_password(self.stack.url, name, self.password)

    def _make_projects(self) -> None:
        people = self.admin.get("/api/admin/developers")["items"]
        ids = {person["name"]: person["id"] for person in people}
        for key, fields in team.PROJECTS.items():
            url = self.repositories[key if key in sources.ALL else "handbook"].url
            self.admin.post("/api/admin/projects", {"key": key, "repoUrl": url, **fields})
            for name, role in team.MEMBERS[key].items():
                path = f"/api/admin/projects/{key}/members"
                self.admin.post(path, {"developerId": ids[name], "role": role})

    def _fill_repositories(self) -> None:
        place = self.stack.home / "repositories"
        place.mkdir(exist_ok=True)
        for name, files in sources.ALL.items():
            repository = self.repositories[name] = Repository(place / f"{name}.git")
            if not (repository.path / "HEAD").exists():
                _fill(repository, files)

    def _start_machines(self) -> None:
        area = paths.machines_directory(self.stack.home)
        known = {name: team.MACHINES[name] for name in self._named}
        for number, (name, (slots, _)) in enumerate(known.items(), 1):
            machine = self.machines[name] = Named(self.stack, area, number, given=name)
            if not machine.is_enrolled():
                self.say(f"machine {name}")
                machine.enroll(self.admin, "--slots", str(slots))
            path = f"{self.agents}:{os.environ.get('PATH', os.defpath)}"
            machine.start(path, [str(self.agents)])
        self.say("waiting for the machines and their agents")
        wait_for(lambda: all(map(self._is_ready, self.machines)), "machines", TIMEOUT_SECONDS)
        for name, (_, labels) in known.items():
            machine_id = self.machine_id(name)
            self.admin.put(f"/api/admin/machines/{machine_id}", {"labels": labels})

    def _is_ready(self, name: str) -> bool:
        self.stack.check()
        machines = self.admin.get("/api/web/machines")["items"]
        found = next((each for each in machines if each["name"] == name), None)
        known = {each["agentType"] for each in found["capabilities"]} if found else set()
        return bool(found and found["connected"] and "claude" in known)


class TaskView:
    """One task, as somebody sees it."""

    def __init__(self, world: World, api: ApiClient, task_id: int) -> None:
        self.world, self.api, self.id = world, api, task_id
        self.path = f"/api/web/tasks/{task_id}"

    def seen_by(self, name: str) -> "TaskView":
        return TaskView(self.world, self.world.people[name], self.id)

    def now(self) -> dict[str, Any]:
        return dict(self.api.get(self.path))

    def events(self, kind: str) -> list[dict[str, Any]]:
        return list(self.api.get(f"{self.path}/events", type=kind)["items"])

    def messages(self) -> list[dict[str, Any]]:
        return list(self.api.get(f"{self.path}/messages")["items"])

    def log(self) -> bytes:
        """The bytes of the latest attempt's terminal; empty before there are any."""
        request = urllib.request.Request(self.api.url + self.path + "/logs/raw")
        request.add_header("Authorization", f"Bearer {self.api.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError:
            return b""

    def wait_for_status(self, status: str, reason: str | None = None) -> "TaskView":
        def poll() -> bool:
            self.world.stack.check()
            task = self.now()
            return task["status"] == status and reason in (None, task["suspendReason"])

        def find_problem() -> str | None:
            return explain_task(self.now(), (status,))

        try:
            wait_until(poll, f"{status} {reason or ''}", TIMEOUT_SECONDS, problem=find_problem)
        except AssertionError as late:
            now = self.now()
            shown = {key: now[key] for key in ("status", "suspendReason", "failure", "queue")}
            self.world.say(f"#{self.id}: {late}; it is {json.dumps(shown)}")
        return self

    def wait_for_round(self, number: int) -> "TaskView":
        wait_until(
            lambda: self.now()["round"] == number,
            f"round {number}",
            TIMEOUT_SECONDS,
            problem=lambda: explain_task(self.now()),
        )
        return self

    def answer(self, result: str, **more: Any) -> "TaskView":
        gate = self.api.get(f"{self.path}/pending-confirm")
        body = {"stageIndex": gate["stageIndex"], "number": gate["number"], "result": result}
        self.api.post(f"{self.path}/confirm-stage", {**body, **more})
        return self

    def act(self, verb: str, **body: Any) -> "TaskView":
        try:
            self.api.post(f"{self.path}/{verb}", body)
        except ApiError as problem:
            self.world.say(f"#{self.id} {verb}: {problem}")
        return self


def _put(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.chmod(0o755)
    new.rename(path)


def _fill(repository: Repository, files: dict[str, str]) -> None:
    """A bare repository with one commit that has these files."""
    work = repository.path.with_suffix(".work")
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    repository.path.mkdir(parents=True, exist_ok=True)
    git = replace(repository).git
    git("init", "--quiet", "--bare", "--template=")
    git("symbolic-ref", "HEAD", "refs/heads/main")
    index = {"GIT_INDEX_FILE": str(repository.path / "first")}
    git(f"--work-tree={work}", "add", "--all", str(work), env=index)
    tree = git("write-tree", env=index)
    git("update-ref", "refs/heads/main", git("commit-tree", tree, "-m", "What there is so far"))
    shutil.rmtree(work)
