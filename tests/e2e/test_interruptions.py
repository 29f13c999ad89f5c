"""What comes between: a reload, a server that is started anew, half a minute without a network.
Nothing is lost, and the page says meanwhile how it stands."""

from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world import scenes
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for

OFFLINE_MILLISECONDS = 30_000


def test_half_a_minute_offline_loses_nothing(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world, "alice")
    task = world.task("alice", "handbook", "Note what is slow [ask]")
    page = visitor.open(f"/tasks/{task.id}")
    task.wait_for_status("suspended", "question")
    expect(page.get_by_text("Which name does the new file get?").first).to_be_visible()
    with visitor.cut_off():
        visitor.context.set_offline(True)
        task.answer("NOTES.md").wait_for_status("suspended", "gate")
        page.wait_for_timeout(OFFLINE_MILLISECONDS)
        visitor.context.set_offline(False)
        expect(page.get_by_text("Publish these pages?").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Approve", exact=True).first.click()
    task.wait_for_status("completed")
    expect(page.get_by_text("Completed").first).to_be_visible()


def test_what_is_first_wanted_without_a_network_comes_when_there_is_one(
    world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(world, "alice")
    page = visitor.open("/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    with visitor.cut_off():
        visitor.context.set_offline(True)
        with page.expect_event("requestfailed", lambda sent: "ShortcutsDialog" in sent.url):
            page.keyboard.press("?")
        visitor.context.set_offline(False)
        expect(page.get_by_role("dialog")).to_be_visible()


def test_a_reload_in_the_middle_keeps_the_page_and_its_view(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("bo", "storefront", scenes.CART).wait_for_status("running")
    page = open_browser(world, "bo").open(f"/tasks/{task.id}?view=log")
    expect(page.get_by_role("tab", name="Log")).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(page.get_by_role("tab", name="Log")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("heading", level=1)).to_contain_text(scenes.CART)
    task.act("cancel")
    expect(page.get_by_text("Cancelled").first).to_be_visible()


def test_a_server_that_starts_anew_is_found_again(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world, "bo")
    page = visitor.open("/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    with visitor.cut_off():
        world.stack.restart("gunicorn")
        world.stack.await_ready()
        task = world.task("bo", "handbook", "Say what has happened meanwhile")
        task.wait_for_status("suspended", "gate")
        row = page.get_by_role("link", name="Say what has happened meanwhile")
        expect(row.first).to_be_visible(timeout=60_000)
    row.first.click()
    page.get_by_role("button", name="Approve", exact=True).first.click()
    task.wait_for_status("completed")
    wait_for(lambda: not visitor.errors, "page without a fault", 5)
