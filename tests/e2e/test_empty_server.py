"""A server without a project and a machine: what comes first, and who can do it."""

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
from tests.e2e.world.stage import World, choose_own_password
from tests.flows.running_stack import free_port
from tests.gunicorns import end_at_once

PATHS = ("/tasks", "/machines", "/projects", "/notifications")


@pytest.fixture(scope="module")
def empty_world() -> Iterator[World]:
    builder.build(print)
    home = Path(tempfile.mkdtemp(prefix="muster-empty-"))
    with Stack(home, free_port(), environment(PASSWORD)) as stack:
        create_admin(stack)
        world = World(stack, PASSWORD, print)
        world.admin.login("admin", PASSWORD)
        for name, role in (("ann", "admin"), ("dan", "developer"), ("new", "developer")):
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
        for name in ("ann", "dan"):
            choose_own_password(stack.url, name, PASSWORD)
        yield world
        end_at_once(stack)
    shutil.rmtree(home)


def test_an_admin_sees_each_step_with_its_button(
    empty_world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(empty_world, "admin").open("/")
    steps = page.get_by_role("region", name="Getting started").get_by_role("listitem")
    expect(steps).to_have_count(5)
    expect(steps.nth(1)).to_contain_text("Needs a connected machine.")
    expect(page.get_by_text("You're all caught up")).to_be_visible()
    assert found(page, TAGS) == []
    page.get_by_role("link", name="Add a machine").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Create a project").click()
    page.wait_for_url("**/projects?add=1")
    expect(page.get_by_role("dialog").get_by_label("Repository")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_each_empty_page_leads_to_the_steps(
    empty_world: World, open_browser: OpenBrowser, path: str
) -> None:
    page = open_browser(empty_world, "admin").open(path)
    link = page.get_by_role("main").get_by_role("link", name="Getting started")
    expect(link).to_be_visible()
    assert found(page, TAGS) == []
    link.click()
    expect(page.get_by_role("region", name="Getting started")).to_be_visible()


def test_others_see_who_can_help(empty_world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(empty_world, "dan").open("/")
    expect(page.get_by_text("Ask an admin: admin, ann.")).to_be_visible()
    expect(page.get_by_role("link", name="Create a project")).to_have_count(0)
    expect(page.get_by_role("button", name="Dismiss for everyone")).to_have_count(0)


def test_a_step_changes_while_it_is_shown(empty_world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(empty_world, "admin").open("/")
    expect(page.get_by_role("link", name="Create a project")).to_be_visible()
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
    expect(page.get_by_role("link", name="Set a key")).to_be_visible(timeout=15_000)


def test_a_password_that_an_admin_typed_is_replaced_at_the_first_sign_in(
    empty_world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(empty_world, "new")
    visitor.expect(401, "/api/web/")  # a new password ends the session that the page renews
    page = visitor.open("/")
    dialog = page.get_by_role("dialog", name="Choose your own password")
    expect(dialog).to_be_visible()
    assert found(page, TAGS) == []
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_label("New password").fill("one of my own choice")
    dialog.get_by_role("button", name="Change password").click()
    page.get_by_role("link", name="Set up a second factor").click()
    page.wait_for_url("**/profile")
