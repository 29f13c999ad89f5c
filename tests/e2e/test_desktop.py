"""Notifications on the desktop, by a stand-in for the browser's own, which nobody could look at."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.visitor import Visitor
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for

# Records what is shown, and hides a tab as another one in front would.
STAND_IN = """\
window.shown = []
window.Notification = class {
  static permission = 'granted'
  static async requestPermission() { return 'granted' }
  constructor(title, { body, tag }) { shown.push({ title, body, tag, made: this }) }
  close() {}
}
let isHidden = false
Object.defineProperty(document, 'visibilityState', { get: () => isHidden ? 'hidden' : 'visible' })
window.hide = () => {
  isHidden = true
  document.dispatchEvent(new Event('visibilitychange'))
}"""


def test_a_question_is_told_on_the_desktop_once_and_only_while_no_tab_is_seen(
    world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(world, "mei")
    visitor.context.add_init_script(STAND_IN)
    seen = visitor.open("/notifications")
    seen.get_by_role("button", name="Turn on").click()
    expect(seen.get_by_role("button", name="Turn off")).to_be_visible()
    hidden = tab_of(visitor)
    hidden.evaluate("hide()")

    before = world.task("mei", "handbook", "Ask before somebody's eyes").wait_for_status(
        "suspended", "gate"
    )
    items = seen.get_by_role("listitem").filter(has_text=f"Task {before.id} is waiting")
    expect(items.first).to_be_visible()
    seen.evaluate("hide()")
    task = world.task("mei", "handbook", "Ask behind somebody's back").wait_for_status(
        "suspended", "gate"
    )
    wait_for(lambda: shown_by(seen) + shown_by(hidden), "a notification")
    [one] = shown_by(seen) + shown_by(hidden)
    assert one["title"] == f"Task {task.id} is waiting for you"

    page = seen if shown_by(seen) else hidden
    page.evaluate("shown[0].made.onclick()")
    page.wait_for_url(f"**/tasks/{task.id}")
    expect(page.get_by_text("Publish these pages?").first).to_be_visible()
    for each in (before, task):
        each.answer("confirm").wait_for_status("completed")


def tab_of(visitor: Visitor) -> Page:
    page = visitor.context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def shown_by(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate("shown.map(({ title, body, tag }) => ({ title, body, tag }))"))
