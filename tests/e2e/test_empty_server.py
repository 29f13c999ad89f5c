"""A server without a project and a machine: each page says what comes first, and who can do it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.embedded.stack import Stack
from app.server_cli.local.admin import create_admin
from demo.console import builder
from tests.e2e.conftest import PASSWORD, OpenBrowser
from tests.e2e.test_axe import TAGS, found
from tests.e2e.world.__main__ import environment
from tests.e2e.world.stage import World
from tests.flows.running_stack import free_port
from tests.gunicorns import end_at_once

PATHS = ("/", "/tasks", "/machines", "/projects", "/notifications")


@pytest.fixture(scope="module")
def empty_world() -> Iterator[World]:
    builder.build(print)
    home = Path(tempfile.mkdtemp(prefix="muster-empty-"))
    with Stack(home, free_port(), environment(PASSWORD)) as stack:
        create_admin(stack)
        world = World(stack, PASSWORD, print)
        world.admin.login("admin", PASSWORD)
        for name, role in (("ann", "admin"), ("dan", "developer")):
            world.admin.post(
                "/api/admin/developers",
                {
                    "name": name,
                    "password": PASSWORD,
                    "role": role,
                    "gitName": name,
                    "gitEmail": f"{name}@a.example",
                },
            )
        yield world
        end_at_once(stack)
    shutil.rmtree(home)


@pytest.mark.parametrize("path", PATHS)
def test_an_admin_sees_links_to_the_first_steps(
    empty_world: World, open_browser: OpenBrowser, path: str
) -> None:
    page = open_browser(empty_world, "admin").open(path)
    expect(page.get_by_text("Tasks need a project and a machine.")).to_be_visible()
    assert found(page, TAGS) == []
    page.get_by_role("link", name="Add a machine").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Create a project").click()
    page.wait_for_url("**/projects?new=1")
    expect(page.get_by_role("dialog").get_by_label("Repository")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_others_see_who_can_help(empty_world: World, open_browser: OpenBrowser, path: str) -> None:
    page = open_browser(empty_world, "dan").open(path)
    expect(page.get_by_text("Tasks need a project and a machine.")).to_be_visible()
    expect(page.get_by_text("Ask an admin: admin or ann.")).to_be_visible()
    expect(page.get_by_role("link", name="Create a project")).to_have_count(0)


def test_a_step_that_is_done_is_not_shown(empty_world: World, open_browser: OpenBrowser) -> None:
    empty_world.admin.post(
        "/api/admin/projects",
        {
            "key": "first",
            "repoUrl": "https://git.example/first.git",
            "defaultBranch": "main",
            "agentType": "claude",
            "pipeline": [{"name": "work", "kind": "shell", "command": "true"}],
        },
    )
    page = open_browser(empty_world, "admin").open("/")
    expect(page.get_by_text("Tasks need a machine.")).to_be_visible()
    expect(page.get_by_role("link", name="Create a project")).to_have_count(0)
