"""`make demo`: one task, from description to pushed branch, on a separate Muster.

Everything is real except the agent, which is a script (demo/agent.py). The stack keeps its home
between runs, so that a second run is faster; each run creates a new task.
"""

import os
import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from app.embedded import ports
from app.embedded.stack import Stack
from app.server_cli.local import admin, paths, sandbox
from app.server_cli.local.api import ApiClient, ApiError
from app.server_cli.local.command import run_steps
from app.server_cli.local.errors import OperateError
from app.server_cli.local.machines import LocalMachine, await_online
from app.server_cli.local.screen import BOLD, DIM, RESET, Screen
from demo import interpreter
from demo.repository import BASE, Repository
from demo.task import Task

AGENT = Path(__file__).with_name("agent.py")
INTERRUPTED = 130
LAST_LINES = 14
PROJECT = "demo"
DESCRIPTION = (
    'parse("1h 30m") gives 1800 seconds instead of 5400. '
    "Make all units of a duration count, and note the repair in CHANGELOG.md."
)
FINISH = """\
set -eu
python3 -m unittest
printf '# Task %s\\n\\n%s\\n' "$MUSTER_TASK_ID" "$MUSTER_DESCRIPTION" > RELEASE_NOTE.md
cat RELEASE_NOTE.md"""
PIPELINE = [
    {"name": "develop", "kind": "agent", "command": "{description}", "timeout": 60},
    {"name": "test", "kind": "shell", "command": "python3 -m unittest -v", "timeout": 60},
    {
        "name": "finish",
        "kind": "shell",
        "command": FINISH,
        "timeout": 60,
        "confirm": True,
        "prompt": "The tests pass. Write the release note and push the branch?",
    },
]


def main() -> int:
    """Play the demo. Returns the exit code: 0 only if the pushed branch repairs the package."""
    return run_steps(_play, "interrupted; everything is stopped", INTERRUPTED)


def _play(screen: Screen) -> None:
    home = paths.stack_home() / "demo"
    port = paths.stack_port(default=ports.find_free_port())
    password = admin.load_password(home)
    screen.heading("Starting a separate Muster")
    with Stack(home, port, _environment(password), say=screen.step) as stack:
        api = _sign_in(stack, screen, password)
        python = _find_python(stack, screen)
        machine = _start_machine(stack, screen, api, python)
        repository = _fill_repository(machine, screen)
        _cancel_stale_tasks(screen, api)
        _describe_project(api, _agent_command(stack, python), repository)
        task = _create(stack, screen, api)
        _follow(task, screen)
        _show_branch(task, screen, repository)
        screen.heading("Stopping")
        screen.step("stopping every process")
    screen.done()


def _environment(password: str) -> dict[str, str]:
    """Return the stack's settings, with another Muster's servers and certificates unset."""
    names = ("DATABASE_URL", "REDIS_URL", "MUSTER_TLS_CERT", "MUSTER_TLS_KEY", "MUSTER_PROXY")
    return dict.fromkeys(names, "") | {
        "MUSTER_ADMIN_PASSWORD": password,
        # One viewer needs one worker, and each takes a second of two processors to start.
        "MUSTER_WEB_WORKERS": "1",
        # With the default limits, this host may be too busy to get a task.
        "MUSTER_MAX_LOAD_PERCENT": "100",
        "MUSTER_MAX_DISK_PERCENT": "100",
    }


def _sign_in(stack: Stack, screen: Screen, password: str) -> ApiClient:
    """Return an admin's session; the first start creates the admin."""
    api = ApiClient(stack.url)
    screen.step("signing in")
    try:
        api.login(admin.ADMIN_NAME, password)
    except ApiError as problem:
        if problem.http_status != 401:
            raise
        screen.step("creating the admin")
        admin.create_admin(stack)
        api.login(admin.ADMIN_NAME, password)
    screen.done()
    return api


def _find_python(stack: Stack, screen: Screen) -> Path:
    try:
        return interpreter.find()
    except OperateError:
        screen.step("copying Python to where the agent can run it")
        return interpreter.copy(paths.machines_directory(stack.home))


def _start_machine(stack: Stack, screen: Screen, api: ApiClient, python: Path) -> LocalMachine:
    area = paths.machines_directory(stack.home)
    machine = LocalMachine(stack, area, number=1)
    if machine.is_enrolled():
        machine.forget(api)
    if not machine.is_enrolled():
        screen.step(f"enrolling the machine {machine.name}, in {area}")
        machine.enroll(api)
    screen.step(f"starting the worker of {machine.name}")
    # Stages find the `python3` that attempts can run.
    machine.start(
        path=f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        shown=[str(area), str(python.parent.parent)],  # the agent and its interpreter
    )
    await_online(stack, 1)
    sandbox.show_sandbox(screen, machine, api)
    return machine


def _fill_repository(machine: LocalMachine, screen: Screen) -> Repository:
    """Create and fill the repository. Raises OperateError if its tests pass."""
    repository = Repository(machine.repositories / "durations.git")
    screen.step(f"creating a git repository with a bug, {repository.path}")
    repository.fill()
    failing = repository.failing_tests(BASE)
    if failing is None:
        raise OperateError(f"the tests in {repository.path} pass before the repair")
    screen.done(_verdict(failing))
    return repository


def _agent_command(stack: Stack, python: Path) -> str:
    """Return the agent's command, after copying the script to where attempts can read it."""
    agent = paths.machines_directory(stack.home) / AGENT.name
    shutil.copyfile(AGENT, agent)
    agent.chmod(0o644)
    return shlex.join([str(python), str(agent), "{prompt}"])


def _describe_project(api: ApiClient, agent_command: str, repository: Repository) -> None:
    project: dict[str, Any] = {
        "repoUrl": repository.url,
        "defaultBranch": BASE,
        "agentType": "custom",
        "agentCommand": agent_command,
        "pipeline": PIPELINE,
    }
    try:
        api.put(f"/api/web/projects/{PROJECT}", project)
    except ApiError as problem:
        if problem.http_status != 404:
            raise
        api.post("/api/admin/projects", {"key": PROJECT, **project})


def _cancel_stale_tasks(screen: Screen, api: ApiClient) -> None:
    """Cancel tasks of interrupted runs, which would run along with this one's."""
    query = {"project": PROJECT, "status": "queued,assigned,running,suspended", "limit": 200}
    for task in api.get("/api/web/tasks", **query)["items"]:
        screen.step(f"canceling task {task['id']}, left over from an interrupted run")
        api.post(f"/api/web/tasks/{task['id']}/cancel", {})
    screen.done()


def _create(stack: Stack, screen: Screen, api: ApiClient) -> Task:
    task = api.post("/api/web/tasks", {"projectKey": PROJECT, "description": DESCRIPTION})
    screen.heading(f"Task {task['id']}")
    screen.line(f"  {DESCRIPTION}")
    screen.line(f"  {DIM}The agent is a scripted stand-in, not a model (demo/agent.py).{RESET}")
    return Task(stack, api, task["id"])


def _follow(task: Task, screen: Screen) -> None:
    """Show the task's events and answer its gates until it ends. Raises OperateError."""
    screen.heading("Timeline")
    while True:
        for event in task.events():
            screen.line(_event_line(event))
        now = task.current()
        if now["status"] != "suspended":
            break
        question = task.open_gate()
        screen.line(f"  {BOLD}?  {question['prompt']}{RESET}  confirm")
        task.answer(question, "confirm")
    if now["status"] != "completed":
        raise OperateError(_describe_end(now, task.last_lines(LAST_LINES)))


def _describe_end(now: dict[str, Any], lines: list[str]) -> str:
    why = f": {now['failure']['message']}" if now["failure"] else ""
    return "\n  ".join(
        [f"task {now['id']} {now['status']}{why}; its last lines of output:", *lines]
    )


def _event_line(event: dict[str, Any]) -> str:
    when = datetime.fromisoformat(event["createdAt"]).astimezone()
    clock = f"{when:%H:%M:%S}.{when.microsecond // 1000:03}"
    return f"  {DIM}{clock}{RESET}  {event['type']:<14}  {event['message']}"


def _show_branch(task: Task, screen: Screen, repository: Repository) -> None:
    """Show the pushed branch. Raises OperateError if it doesn't repair the package."""
    screen.heading(f"The terminal's last {LAST_LINES} lines")
    for line in task.last_lines(LAST_LINES):
        # Of a line that carriage returns overwrote, only the last text.
        screen.line(f"  {line.rstrip(chr(13)).rpartition(chr(13))[2]}")
    branch = task.current()["result"]["branch"]
    if not repository.has(branch):
        raise OperateError(f"branch {branch} is missing in {repository.path}")
    screen.heading(f"The pushed branch {branch}")
    screen.line(repository.diff(branch, colour=screen.is_terminal))
    screen.heading("Is it repaired?")
    screen.step(f"running the tests in a fresh clone of {branch}")
    failing = repository.failing_tests(branch)
    if failing is not None:
        raise OperateError(f"the branch doesn't repair the package:\n{failing}")
    screen.done("they pass")


def _verdict(tests: str) -> str:
    """Return unittest's last line, such as `FAILED (failures=2)`."""
    return tests.strip().rpartition("\n")[2]


if __name__ == "__main__":
    sys.exit(main())
