"""A server gets another address: its machine runs the line again with --moved, and its attempts
continue.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services.settings import CACHE_SECONDS
from demo.repository import Repository
from tests.chaos.proxy import Proxy, ProxyPort
from tests.flows.running_stack import wait_for
from tests.install.pasted_commands import UID, Foreground, Host, Server

TIMEOUT_SECONDS = 120.0
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def old(server: Server) -> Iterator[ProxyPort]:
    """The address that the server has until it moves, which it serves its line from."""
    proxy = Proxy()
    door = proxy.open_port(server.stack.port)
    set_address(server, f"https://localhost:{door.port}")
    yield door
    proxy.close()


def set_address(server: Server, url: str) -> None:
    """In force in each of the server's processes: any of them may be asked for the script."""
    server.api.put("/api/admin/settings", json={"publicUrl": url}).raise_for_status()
    fresh = time.monotonic() + CACHE_SECONDS
    wait_for(lambda: time.monotonic() > fresh, "setting that is in force", TIMEOUT_SECONDS)


def a_task(server: Server, place: Path, flag: Path) -> int:
    """A task whose stage prints that it is up, and waits for the flag."""
    repository = Repository(place / "repository.git")
    repository.fill()
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", f"{UID}:{UID}", str(place)], check=True)
    waits = f"echo it is up; until [ -e {flag} ]; do sleep 0.2; done; echo changed > changed"
    project = {
        "key": "P",
        "name": "P",
        "repoUrl": repository.url,
        "agentType": "custom",
        "agentCommand": "true",
        "pipeline": [{"name": "one", "kind": "shell", "command": waits}],
    }
    server.api.post("/api/admin/projects", json=project).raise_for_status()
    made = server.api.post("/api/web/tasks", json={"projectKey": "P", "description": "Do it."})
    return int(made.raise_for_status().json()["id"])


def task(server: Server, task_id: int) -> dict[str, Any]:
    return dict(server.api.get(f"/api/web/tasks/{task_id}").json())


def test_a_machine_finds_its_server_at_another_address_and_continues_its_attempts(
    server: Server, host: Host, old: ProxyPort
) -> None:
    place, flag = host.home.parent / "place", host.home.parent / "place" / "flag"
    place.mkdir()
    of_run = f"-- --file-root {place} --mount {place}"
    ran = Foreground(host, f"{server.token()['installLine']} --user --foreground {of_run}")
    ran.has_printed(f"connected to https://localhost:{old.port}")
    task_id = a_task(server, place, flag)

    def is_up() -> bool:
        assert task(server, task_id)["failure"] is None, ran.said
        return b"it is up" in server.api.get(f"/api/web/tasks/{task_id}/logs/raw").content

    wait_for(is_up, "word of the stage", TIMEOUT_SECONDS)

    old.refuse()
    set_address(server, server.url)
    line = server.token()["installLine"].partition("|")
    line = f"{line[0]}| sh -s -- --user --foreground"
    refused, output = host.paste(line)
    assert (refused, "add --moved to the end of the line" in output) == (1, True), output
    assert ran.stop() == 0, ran.said
    again = Foreground(host, f"{line} --moved")
    again.has_printed(f"connected to {server.url}")
    assert task(server, task_id)["status"] == "running"
    flag.touch()
    ended = wait_for(
        lambda: (t := task(server, task_id))["status"] != "running" and t, "end", TIMEOUT_SECONDS
    )
    assert (ended["status"], ended["attempt"]) == ("completed", 1), again.said
    assert again.stop() == 0, again.said
    shutil.rmtree(place)
