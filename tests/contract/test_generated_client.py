"""A client that is generated from the document can be used."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from flask import Flask

from app.domain.roles import SystemRole
from tests.factories import PASSWORD, make_developer

CONFIG = """
post_hooks: []
package_name_override: muster_client
content_type_overrides:
  application/x-asciicast: application/octet-stream
  application/zip: application/octet-stream
  image/jpeg: application/octet-stream
  image/png: application/octet-stream
  image/webp: application/octet-stream
"""


@pytest.fixture(scope="module")
def package(
    shared_committed_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModuleType]:
    """The client's package, generated without a warning."""
    directory = tmp_path_factory.mktemp("client")
    document, config = directory / "openapi.json", directory / "config.yaml"
    document.write_text(shared_committed_app.test_client().get("/api/openapi.json").text)
    config.write_text(CONFIG)
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate"]
    options = ["--path", document, "--config", config, "--output-path", directory / "muster_client"]
    run = subprocess.run(
        [*command, *map(str, options), "--meta", "none", "--fail-on-warning"],
        cwd=directory,
        text=True,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    sys.path.insert(0, str(directory))
    yield importlib.import_module("muster_client")
    sys.path.remove(str(directory))


@pytest.fixture
def call(committed_app: Flask, package: ModuleType) -> Callable[..., Any]:
    """Calls an operation by its room and name, with a credential if there is one by then."""
    transport = httpx.WSGITransport(app=committed_app)
    state: dict[str, str] = {}

    def call(room: str, operation: str, **given: Any) -> Any:
        if "token" in given:
            state["token"] = given.pop("token")
        client = package.AuthenticatedClient("http://muster", token=state.get("token", ""))
        with httpx.Client(
            transport=transport,
            base_url="http://muster",
            headers={"Authorization": f"Bearer {state['token']}"} if state else {},
        ) as http:
            client.set_httpx_client(http)
            module = importlib.import_module(f"muster_client.api.{room}.{operation}")
            return module.sync_detailed(client=client, **given)

    return call


def model(name: str) -> Any:
    return getattr(importlib.import_module("muster_client.models"), name)


def test_a_generated_client_makes_a_project_and_a_task_and_reads_its_events(
    call: Callable[..., Any],
) -> None:
    make_developer(name="root", role=SystemRole.ADMIN)
    pair = call("auth", "login", body=model("Login")(username="root", password=PASSWORD)).parsed
    assert isinstance(pair, model("TokenPair"))
    body = model("NewProject").from_dict(
        {"key": "WEB", "repoUrl": "https://git.example.org/web.git", "agentType": "claude"}
    )
    project = call("admin_projects", "admin_create_project", token=pair.access_token, body=body)
    assert isinstance(project.parsed, model("SavedProject"))
    task = call(
        "tasks", "create_task", body=model("NewTask")(project_key="WEB", description="Do it.")
    ).parsed
    assert isinstance(task, model("CreatedTask"))
    assert (task.project_key, task.status, task.created_by.name) == ("WEB", "queued", "root")
    events = call("tasks", "list_events", task_id=task.id).parsed
    assert [event.type_ for event in events.items] == ["created"]
    detail = call("tasks", "get_task", task_id=task.id).parsed
    assert detail.queue.position == 1


def test_a_generated_client_understands_problems(call: Callable[..., Any]) -> None:
    developer = make_developer(role=SystemRole.ADMIN)
    body = model("Login")(username=developer.name, password="wrong")
    answer = call("auth", "login", body=body)
    assert answer.status_code == 401
    assert answer.parsed.code == "invalid_credentials"
