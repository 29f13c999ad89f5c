"""The way into a task's workspace. What the machine runs for it is a stand-in for VS Code's."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for


def test_a_tunnel_is_opened_shown_to_others_and_closed(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("bo", "handbook", "Look inside [slow]").wait_for_status("running")
    wait_for(lambda: task.events("workspace"), "workspace")
    pages = [
        open_browser(world, name).open(f"/tasks/{task.id}?view=workspace")
        for name in ("bo", "alice")
    ]
    views = [page.get_by_role("region", name="Workspace") for page in pages]
    bo, alice = views
    for view in views:
        expect(view.get_by_text("closed", exact=True)).to_be_visible()

    bo.get_by_label("Duration", exact=True).select_option("1 hour")
    bo.get_by_role("button", name="Open tunnel").click()
    for view in views:
        expect(view.get_by_text("open", exact=True)).to_be_visible()
        link = view.get_by_role("link", name="Open in new tab")
        address = re.compile(r"^https://vscode\.dev/tunnel/m\S+/workspace$")
        expect(link).to_have_attribute("href", address)
        expect(view.get_by_text("Closes automatically at")).to_be_visible()

    alice.get_by_role("button", name="Close tunnel").click()
    for view in views:
        expect(view.get_by_text("closed", exact=True)).to_be_visible()
        expect(view.get_by_role("button", name="Open tunnel")).to_be_visible()
    task.act("cancel")
    expect(bo.get_by_text("A tunnel needs an active workspace.")).to_be_visible()
