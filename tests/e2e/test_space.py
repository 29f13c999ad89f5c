"""While one reads, the terminal and the diff have most of the window: the header and the question
are a line each, and nothing else moves."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import pages
from tests.e2e.conftest import OpenBrowser
from tests.e2e.visitor import DESK
from tests.e2e.world import scenes
from tests.e2e.world.stage import World

PHONE = {"width": 390, "height": 844}
WINDOWS = [pytest.param(DESK, 0.7, id="desk"), pytest.param(PHONE, 0.6, id="phone")]
# The share of the window's height at which the element is what one sees and can press.
SHARE = """(element) => {
  const x = innerWidth / 2
  let seen = 0
  for (let y = 0; y < innerHeight; y++) seen += element.contains(document.elementFromPoint(x, y))
  return seen / innerHeight
}"""


def task_of(world: World, title: str) -> Any:
    """The task of the full world with that title."""
    tasks = world.admin.get("/api/web/tasks", limit=100)["items"]
    return next(each for each in tasks if each["description"].splitlines()[0] == title)


def share_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).first.evaluate(SHARE))


def read_on(page: Page, by: int) -> None:
    """Scrolls with the wheel over the middle of the page."""
    size = page.viewport_size or DESK
    page.mouse.move(size["width"] / 2, size["height"] / 2)
    page.mouse.wheel(0, by)
    page.evaluate(pages.STILL)


@pytest.mark.parametrize(("viewport", "share"), WINDOWS)
@pytest.mark.parametrize(
    "title", [pytest.param(scenes.UPLOAD, id="running"), pytest.param(scenes.HALF_EVEN, id="gate")]
)
def test_the_terminal_gets_its_share_of_the_window(
    full_world: World, open_browser: OpenBrowser, viewport: Any, share: float, title: str
) -> None:
    task = task_of(full_world, title)
    page = open_browser(full_world, "alice", viewport=viewport).open(
        f"/tasks/{task['id']}?view=terminal"
    )
    page.locator(".xterm").wait_for()
    pages.settle(page)
    # Without toolbar and status line: the screen itself.
    assert share_of(page, "div:has(> div > .xterm)") >= share
    expect(page.get_by_title("Back to the top")).to_contain_text(title)
    if task["status"] == "suspended":
        approve = page.get_by_role("button", name="Approve")
        assert approve.evaluate(
            "(it) => it.contains(document.elementFromPoint("
            "it.getBoundingClientRect().x + 9, it.getBoundingClientRect().y + 9))"
        )


@pytest.mark.parametrize(("viewport", "share"), WINDOWS)
def test_the_diff_gets_its_share_of_the_window(
    full_world: World, open_browser: OpenBrowser, viewport: Any, share: float
) -> None:
    task = task_of(full_world, scenes.HALF_EVEN)
    page = open_browser(full_world, "alice", viewport=viewport).open(
        f"/tasks/{task['id']}?view=diff"
    )
    page.get_by_role("table").first.wait_for()
    pages.settle(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    read_on(page, 2000)
    assert share_of(page, "#view > :first-child") >= share
    expect(page.get_by_title("Back to the top")).to_contain_text(scenes.HALF_EVEN)
    # What folds leaves its place behind.
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_a_short_diff_leaves_no_blank_page_below_it(
    full_world: World, open_browser: OpenBrowser
) -> None:
    task = task_of(full_world, scenes.PAGES)
    page = open_browser(full_world, "alice", viewport={"width": 1440, "height": 1200}).open(
        f"/tasks/{task['id']}?view=diff"
    )
    page.get_by_role("table").first.wait_for()
    pages.settle(page)
    read_on(page, 2000)
    # All of it is in sight below the whole header.
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    expect(page.get_by_title("Back to the top")).to_be_hidden()


@pytest.mark.parametrize(("viewport", "_share"), WINDOWS)
def test_a_folded_question_opens_by_keyboard_and_closes_again(
    full_world: World, open_browser: OpenBrowser, viewport: Any, _share: float
) -> None:
    task = task_of(full_world, scenes.ADDRESS)
    page = open_browser(full_world, "bo", viewport=viewport).open(f"/tasks/{task['id']}?view=log")
    pages.settle(page)
    choice = page.get_by_role("button", name="Keep both")
    expect(choice).to_be_hidden()
    page.get_by_role("button", name="Answer", exact=True).press("Enter")
    expect(choice).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    expect(page.get_by_role("button", name="Answer", exact=True)).to_be_focused()
    page.get_by_title("Back to the top").click()
    expect(choice).to_be_visible()


def test_another_view_starts_at_its_top_and_the_tabs_stay(
    full_world: World, open_browser: OpenBrowser
) -> None:
    task = task_of(full_world, scenes.HALF_EVEN)
    page = open_browser(full_world, "alice").open(f"/tasks/{task['id']}?view=diff")
    page.get_by_role("table").first.wait_for()
    pages.settle(page)
    read_on(page, 600)
    page.get_by_role("tab", name="Transcript").click()
    pages.settle(page)
    top = page.get_by_role("tabpanel").evaluate("(it) => it.getBoundingClientRect().top")
    assert 88 <= top <= 140
    expect(page.get_by_role("tab", name="Diff")).to_be_in_viewport()


def test_a_line_offers_a_comment_by_mouse_keyboard_and_tap(
    full_world: World, open_browser: OpenBrowser
) -> None:
    sign = "(it) => getComputedStyle(it, '::after').opacity"
    task = task_of(full_world, scenes.HALF_EVEN)
    path = f"/tasks/{task['id']}?view=diff"
    page = open_browser(full_world, "alice").open(path)
    number = page.get_by_role("button", name="Comment on line 5", exact=True).first
    assert number.evaluate(sign) == "0"
    number.locator("xpath=ancestor::tr").locator("td").last.hover()
    assert number.evaluate(sign) == "1"
    page.mouse.move(0, 0)
    number.focus()
    assert number.evaluate(sign) == "1"

    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    page = open_browser(full_world, "alice", **phone).open(path)
    number = page.get_by_role("button", name="Comment on line 5", exact=True).first
    number.locator("xpath=ancestor::tr").locator("td").last.tap()
    assert number.evaluate(sign) == "1"
    number.tap()
    expect(page.get_by_role("table").get_by_role("textbox")).to_be_visible()


def test_a_phones_bar_has_search_and_projects(full_world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(full_world, "alice", viewport=PHONE).open("/tasks")
    bar = page.get_by_role("navigation", name="Pages")
    bar.get_by_role("button", name="Search").click()
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    bar.get_by_role("link", name="Projects").click()
    page.wait_for_url("**/projects")
    page.get_by_role("link", name=re.compile("^Notifications")).click()
    page.wait_for_url("**/notifications")
