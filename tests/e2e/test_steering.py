"""Messages to an agent, an interrupt, a permission and the strip of stages: by keyboard alone, wide
and narrow, in both languages, and axe finds nothing in either theme."""

from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import pages
from tests.e2e.conftest import OpenBrowser
from tests.e2e.state_scenarios import wait_for_message
from tests.e2e.test_axe import COLOURS, TAGS, found
from tests.e2e.visitor import DESK, PHONE
from tests.e2e.world.stage import TaskView, World

MAX_TABS = 80


class Words(NamedTuple):
    """What the page calls it."""

    locale: str
    box: str
    stop: str
    answer: str
    allow: str
    stages: str
    delivered: str


ENGLISH = Words(
    "en-US",
    "Message to Claude",
    "Stop Claude",
    "Your answer",
    "Allow once",
    "Stages",
    "delivered",
)
CHINESE = Words(
    "zh-CN",
    "发给 Claude 的消息",
    "让 Claude 停下",
    "你的回答",
    "仅允许这次",
    "阶段",
    "已送达",
)
LOOKS = [pytest.param(ENGLISH, DESK, id="wide"), pytest.param(CHINESE, PHONE, id="narrow, Chinese")]


def focus_by_tab(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus."""
    expect(target).to_be_visible()
    for _ in range(MAX_TABS):
        # It may be away while the page is scrolled.
        if target.evaluate_all("(all) => all.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{MAX_TABS} times Tab don't lead to {target}")


def check_accessibility(page: Page) -> None:
    """In a window as high as the page: what sticks to its edges covers no button halfway."""
    size = page.viewport_size or DESK
    page.set_viewport_size({**size, "height": 4000})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(pages.STILL)
    wrong = found(page, TAGS)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.evaluate(pages.STILL)
    wrong += [f"dark: {each}" for each in found(page, COLOURS)]
    page.set_viewport_size(size)
    assert not wrong, "\n".join(wrong)


def open_task(
    open_browser: OpenBrowser, task: TaskView, words: Words, viewport: dict[str, int]
) -> Page:
    visitor = open_browser(task.world, "alice", viewport=viewport, locale=words.locale)
    visitor.expect(404, "/diff")
    return visitor.open(f"/tasks/{task.id}")


@pytest.mark.parametrize(("words", "viewport"), LOOKS)
def test_an_agent_is_sent_a_message_then_stopped_and_told_what_to_do(
    world: World, open_browser: OpenBrowser, words: Words, viewport: dict[str, int]
) -> None:
    task = world.task("alice", "handbook", "Measure it [slow]").wait_for_status("running")
    page = open_task(open_browser, task, words, viewport)
    focus_by_tab(page, page.get_by_role("textbox", name=words.box))
    page.keyboard.type("Use UTC.")
    page.keyboard.press("Enter")
    wait_for_message(task, "delivered")
    expect(page.locator("details li").filter(has_text=words.delivered)).to_be_attached()
    expect(page.get_by_role("list", name=words.stages)).to_contain_text("write")
    check_accessibility(page)
    focus_by_tab(page, page.get_by_role("button", name=words.stop))
    page.keyboard.press("Enter")
    task.wait_for_status("suspended", "question")
    check_accessibility(page)
    focus_by_tab(page, page.get_by_role("textbox", name=words.answer))
    page.keyboard.type("Measure less.")
    page.keyboard.press("Enter")
    task.wait_for_status("suspended", "gate").act("cancel")


@pytest.mark.parametrize(("words", "viewport"), LOOKS)
def test_a_permission_is_given_with_the_keyboard(
    world: World, open_browser: OpenBrowser, words: Words, viewport: dict[str, int]
) -> None:
    task = world.task("alice", "toolbox", "Test it")
    task.wait_for_status("suspended", "question")
    page = open_task(open_browser, task, words, viewport)
    expect(page.get_by_text("npm test -- --all").first).to_be_visible()
    check_accessibility(page)
    focus_by_tab(page, page.get_by_role("button", name=words.allow))
    page.keyboard.press("Enter")
    task.wait_for_status("completed")
