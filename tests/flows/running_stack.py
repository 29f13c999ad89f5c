"""A complete Muster for tests: real gunicorn, Celery, PostgreSQL, Valkey, git, terminals."""

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx

from app.embedded.stack import Stack
from app.server_cli.local import paths
from app.server_cli.local.api import ApiClient
from app.server_cli.local.machines import LocalMachine, await_online
from demo.repository import Repository
from tests.app.chat.platforms import Lark, Slack
from tests.wait import explain_task, quote, wait_until

ADMIN, PASSWORD = "admin", "a password that only tests use"
TIMEOUT_SECONDS = 60.0

SETTLING_SECONDS = 5.0  # seconds after a task's end in which logs and messages may arrive

T = TypeVar("T")
wait_for = wait_until


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class RunningStack:
    """A stack with one local machine, a repository and an admin's session.

    `slack` and `lark` are the URLs it uses for Slack and Lark.
    """

    slack: Slack
    lark: Lark

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        self.home = home
        # Parallel tests keep the host busy and full; tasks must start anyway.
        busy = {"MUSTER_MAX_LOAD_PERCENT": "100", "MUSTER_MAX_DISK_PERCENT": "100"}
        fast = {"MUSTER_EMBEDDED_FSYNC": "off", "MUSTER_WEB_WORKERS": "2"} | busy
        unset = {"DATABASE_URL": "", "REDIS_URL": ""}
        self.stack = Stack(home, free_port(), {**unset, **fast, **env})

    def furnish(self) -> None:
        """Create the admin and the repository, and enroll the machine."""
        flask = (sys.executable, "-m", "flask", "--app", "wsgi")
        self.stack.run("admin", [*flask, "create-admin", "--password", PASSWORD])
        self.api = ApiClient(self.stack.url)
        self.api.login(ADMIN, PASSWORD)
        area = paths.machines_directory(self.home)
        self.machine = LocalMachine(self.stack, area, 1)
        self.machine.enroll(self.api)
        (self.home / "tunnel").mkdir()
        self.agents.mkdir()
        # Files here make stages continue, and control tunnels.
        shown = [str(area), f"{self.home / 'tunnel'}:rw", str(self.agents)]
        self.machine.start(f"{self.agents}:{os.environ['PATH']}", shown)
        await_online(self.stack, 1)
        self.repository = Repository(self.machine.repositories / "repository.git")
        self.repository.fill()

    @property
    def agents(self) -> Path:
        """The directory in which the machine finds agents."""
        return self.home / "agents"

    def project(self, key: str, *stages: Mapping[str, Any], **fields: Any) -> str:
        """Create a project on the repository with these stages; return its key."""
        body = {"key": key, "name": key, "repoUrl": self.repository.url, "agentType": "custom"}
        body |= {"agentCommand": "true", "pipeline": list(stages), **fields}
        self.api.post("/api/admin/projects", body)
        return key

    def task(self, key: str, description: str = "Do it.", **fields: Any) -> "FollowedTask":
        body = {"projectKey": key, "description": description, **fields}
        return FollowedTask(self, int(self.api.post("/api/web/tasks", body)["id"]))

    def find_problem(self) -> str | None:
        """Describe the first process that failed by itself. (Tests end processes by signals.)"""
        for name, process in self.stack.processes.items():
            if (process.poll() or 0) > 0:
                status = process.poll()
                return f"{name} has exited with status {status}{quote(process.output())}"
        return None


class FollowedTask:
    """One task, read over the API."""

    def __init__(self, running: RunningStack, task_id: int) -> None:
        self.running, self.id = running, task_id
        self.path = f"/api/web/tasks/{task_id}"

    def now(self) -> dict[str, Any]:
        return dict(self.running.api.get(self.path))

    def wait_for_status(self, *statuses: str, patience: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Wait for one of these states and return the task; fail if it ends in another."""
        task: dict[str, Any] = {}

        def poll() -> dict[str, Any] | None:
            task.update(self.now())
            return task if task["status"] in statuses else None

        def find_problem() -> str | None:
            return self._explain(task, *statuses) or self.running.find_problem()

        what = f"{' or '.join(statuses)} task {self.id}"
        return wait_until(poll, what, patience, problem=find_problem)

    def wait_for(
        self, look: Callable[[], T | None], what: str, patience: float = TIMEOUT_SECONDS
    ) -> T:
        """Return the first true value; fail soon after the task's end."""
        ended_at: list[float] = []

        def find_problem() -> str | None:
            if (reason := self._explain(self.now())) is None:
                return self.running.find_problem()
            ended_at.append(time.monotonic())
            return reason if ended_at[-1] - ended_at[0] > SETTLING_SECONDS else None

        return wait_until(look, what, patience, problem=find_problem)

    def find_problem(self) -> str | None:
        """Explain why the task makes no progress."""
        return self._explain(self.now())

    def _explain(self, task: dict[str, Any], *awaited: str) -> str | None:
        """Explain why the task won't reach these states, with the end of its log."""
        reason = explain_task(task, awaited)
        return reason and f"{reason}{quote(self._request_log().content)}"

    def answer(self, stage_index: int, result: str) -> None:
        body = {"stageIndex": stage_index, "result": result}
        self.running.api.post(f"{self.path}/confirm-stage", body)

    def act(self, verb: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return dict(self.running.api.post(f"{self.path}/{verb}", body or {}))

    def events(self, *types: str) -> list[dict[str, Any]]:
        query = {"limit": 200} | ({"type": ",".join(types)} if types else {})
        return list(self.running.api.get(f"{self.path}/events", **query)["items"])

    def messages(self, *types: str) -> str:
        return "\n".join(event["message"] for event in self.events(*types))

    def log(self) -> bytes:
        """Return the exact bytes of the latest attempt's terminal."""
        answer = self._request_log()
        assert answer.status_code == 200, answer.text
        return answer.content

    def _request_log(self) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.running.api.token}"}
        url = self.running.api.url + self.path + "/logs/raw"
        return httpx.get(url, headers=headers, timeout=30)

    def wait_until_logged(self, text: bytes) -> bytes:
        def poll() -> bytes | None:
            log = self.log()
            return log if text in log else None

        return self.wait_for(poll, f"{text!r} in the log of task {self.id}")
