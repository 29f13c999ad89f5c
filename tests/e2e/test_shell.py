"""A shell beside a stage, in its own tab and by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.test_together import CLIPBOARD, screen_of, type_line
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for


def press_until_focused(page: Page, key: str, selector: str) -> None:
    """Press the key until the focus is there, as someone without a mouse does."""
    for _ in range(40):
        if page.locator(selector).first.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} doesn't reach {selector}")


def test_a_shell_is_opened_left_and_opened_again_by_keyboard(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("priya", "lab", "Look around by hand").wait_for_status("running")
    page = open_browser(world, "priya", permissions=CLIPBOARD).open(
        f"/tasks/{task.id}?view=terminal"
    )
    expect(page.get_by_role("link", name="Open a shell beside it")).to_be_visible()
    page.get_by_role("tab", name="Terminal").focus()
    page.keyboard.press("ArrowRight")
    shell = page.get_by_role("region", name="Shell", exact=True)
    expect(shell).to_contain_text("You control")
    press_until_focused(page, "Tab", ".xterm-helper-textarea")
    page.keyboard.type("echo in-the-shell-$((40 + 2))\n")
    wait_for(lambda: "in-the-shell-42" in screen_of(page), "the shell's output")
    assert b"in-the-shell" not in task.log(), "a shell isn't part of the log"
    type_line(page, "exit")
    expect(shell).to_contain_text("The shell has ended.")
    shell.get_by_role("button", name="Open another").focus()
    page.keyboard.press("Enter")
    expect(shell).to_contain_text("You control")
    type_line(page, "echo in-another-$((40 + 2))")
    wait_for(lambda: "in-another-42" in screen_of(page), "the next shell's output")
    assert "in-the-shell" not in screen_of(page)
    page.keyboard.press("Control+Shift+Escape")
    page.get_by_role("tab", name="Terminal").click()
    stage = page.get_by_role("region", name="Terminal", exact=True)
    expect(stage).to_contain_text("You control")
    type_line(page, "exit")
    task.wait_for_status("completed")
    expect(page.get_by_role("tab", name="Shell")).to_have_count(0)


def test_who_only_watches_is_offered_no_shell(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("priya", "lab", "Look around by hand").wait_for_status("running")
    page = open_browser(world, "mei").open(f"/tasks/{task.id}?view=terminal")
    expect(page.get_by_role("region", name="Terminal", exact=True)).to_be_visible()
    expect(page.get_by_role("tab", name="Shell")).to_have_count(0)
    expect(page.get_by_role("link", name="Open a shell beside it")).to_have_count(0)
    world.people["priya"].post(f"/api/web/tasks/{task.id}/cancel", {})
