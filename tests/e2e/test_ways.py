"""By keyboard alone, with a thumb, in 简体中文."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.visitor import PHONE
from tests.e2e.world import scenes
from tests.e2e.world.stage import World


def test_a_gate_is_found_and_answered_by_keys_alone(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    page = open_browser(world, "alice").open("/")
    ask = page.get_by_role("main").get_by_text(f"#{task.id}").first
    expect(ask).to_be_visible()
    chosen = page.locator("[aria-current=true]").filter(has_text=f"#{task.id}")
    for _ in range(40):
        if chosen.count():
            break
        page.keyboard.press("j")
    expect(chosen.first).to_be_visible()
    page.keyboard.press("1")
    task.wait_for_status("completed")


def test_the_palette_leads_to_a_task_and_back_home(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("bo", "handbook", "Find me by the palette").wait_for_status(
        "suspended", "gate"
    )
    page = open_browser(world, "bo").open("/machines")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("by the palette")
    found = page.get_by_role("option", name=re.compile("Find me by the palette")).first
    expect(found).to_be_visible()
    for _ in range(20):
        if found.get_attribute("aria-selected") == "true":
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tasks/{task.id}*")


def test_a_misspelled_word_of_the_other_language_leads_to_a_dialog_by_keys_alone(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "mei", locale="zh-CN").open("/tasks")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("drian machne")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("排空机器")
    page.keyboard.press("Enter")
    page.keyboard.type("tren")
    expect(chosen).to_contain_text("tern")
    page.keyboard.press("Enter")
    # The same dialog as its button opens, which asks before it drains.
    expect(page.get_by_role("dialog", name="排空 tern")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    [tern] = [one for one in world.admin.get("/api/web/machines")["items"] if one["name"] == "tern"]
    assert tern["status"] == "online"


def test_two_keys_lead_to_a_page(world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(world, "bo").open("/machines")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/tasks")


def test_a_gate_is_answered_with_a_thumb(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    visitor = open_browser(world, "alice", viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.open(f"/tasks/{task.id}")
    button = page.get_by_role("button", name="Approve", exact=True).first
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "nothing goes past the edge"
    button.tap()
    task.wait_for_status("completed")
    expect(page.get_by_text("Completed").first).to_be_visible()


def test_everything_is_there_in_chinese(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    visitor = open_browser(world, locale="zh-CN")
    page = visitor.open(f"/tasks/{task.id}")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_label("用户名").fill("alice")
    page.get_by_label("密码", exact=True).fill(world.password)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_text("Publish these pages?").first).to_be_visible()
    words = page.locator("body").inner_text()
    for english in ("Inbox", "Needs you", "Terminal", "Approve", "Reject", "New task", "Waiting"):
        assert english not in words
    page.get_by_role("button", name="批准").first.click()
    task.wait_for_status("completed")
