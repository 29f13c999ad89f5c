"""Installed by an ordinary user, in each of the ways, and run outside of any checkout."""

import re
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.server_cli.local.api import ApiClient
from demo.repository import BASE, Repository
from muster import __version__
from tests.flows.running_stack import free_port, wait_for
from tests.install import installers
from tests.install.people import Person
from tests.wait import wait_for_output

# Whole sets of packages are fetched, and compiled at the first start.
pytestmark = pytest.mark.timeout(1200)
PASSWORD = "a password that only tests use"
TIMEOUT_SECONDS = 600.0
PIPELINE = [{"name": "build", "kind": "shell", "command": "echo built > built.txt", "timeout": 60}]


@pytest.mark.parametrize(
    "way", ["pip", "uv", pytest.param("pipx", marks=pytest.mark.needs("pipx"))]
)
def test_it_is_installed_and_says_what_it_is(
    way: str,
    installed: tuple[Person, Path],
    wheels: tuple[Path, Path],
    new_user: Callable[..., Person],
    python: str,
) -> None:
    if way == "uv":
        person, scripts = installed
    else:
        person = new_user(*([] if way == "pip" else [way]))
        scripts = installers.INSTALLERS[way](person, python, *wheels)
    assert (
        person.output_of(scripts / "muster-server", "--version") == f"muster-server {__version__}"
    )
    assert "up" in person.output_of(scripts / "muster-server", "--help")


@pytest.mark.needs("uv")
def test_the_command_alone_is_installed_and_says_what_it_is(
    wheels: tuple[Path, Path], new_user: Callable[..., Person], python: str
) -> None:
    person = new_user("uv")
    person.output_of("uv", "tool", "install", "--quiet", "--python", python, wheels[1])
    muster = person.home / ".local" / "bin" / "muster"
    assert __version__ in person.output_of(muster, "--version")


def test_a_server_runs_from_its_package_and_leaves_nothing_running(
    installed: tuple[Person, Path], tmp_path: Path
) -> None:
    person, scripts = installed
    program = scripts / "muster-server"
    url = f"http://127.0.0.1:{(port := free_port())}"
    env = {"MUSTER_PORT": str(port), "MUSTER_ADMIN_PASSWORD": PASSWORD, "MUSTER_WEB_WORKERS": "1"}
    env |= {"MUSTER_MAX_LOAD_PERCENT": "100", "MUSTER_MAX_DISK_PERCENT": "100"}
    up = person.start(program, "up", log=(log := tmp_path / "up.log"), env=env)
    try:
        wait_for_output(log, "Ctrl-C stops everything.", up, TIMEOUT_SECONDS)
        api = ApiClient(url)
        api.login("admin", PASSWORD)
        assert api.get("/healthz")["version"] == __version__
        assert _pushes(api, person)
        up.send_signal(signal.SIGTERM)
        assert up.wait(60) == 0, log.read_text()
    finally:
        up.kill()
        up.wait()
    assert person.running() == []


def _pushes(api: ApiClient, person: Person) -> bool:
    """Whether a task of the server's own machine pushes a branch to a repository there."""
    repository = Repository(person.home / ".muster" / "repositories" / "durations.git")
    repository.fill()
    _give(repository.path, person)
    api.post(
        "/api/admin/projects",
        {
            "key": "first",
            "repoUrl": repository.url,
            "defaultBranch": BASE,
            "agentType": "custom",
            "agentCommand": "true {prompt}",
            "pipeline": PIPELINE,
        },
    )
    task = api.post("/api/web/tasks", {"projectKey": "first", "description": "Build it."})

    def ended() -> dict[str, object] | None:
        with suppress(OSError):
            now: dict[str, object] = api.get(f"/api/web/tasks/{task['id']}")
            return now if re.search("completed|failed|cancelled", str(now["status"])) else None
        return None

    now = wait_for(ended, "end of the task", TIMEOUT_SECONDS)
    assert now["status"] == "completed", now
    return repository.has(str(now["result"]["branch"]))  # type: ignore[index]


def _give(path: Path, person: Person) -> None:
    for each in (path, *path.rglob("*")):
        shutil.chown(each, person.account.pw_uid, person.account.pw_gid)
