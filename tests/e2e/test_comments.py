"""Comments on lines of a change: what is written and not said yet is not lost by the way."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world import scenes
from tests.e2e.world.stage import World


def test_words_on_a_line_wait_there_until_they_are_said_or_cancelled(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    page = open_browser(world, "alice").open(f"/tasks/{task.id}?view=diff")
    file = page.get_by_role("article", name="paging.md")
    begin_at(file, 1)
    form_of(page).fill("Who is paged?")
    begin_at(file, 3)
    expect(form_of(page)).to_have_value("")
    form_of(page).fill("Whose page?")
    page.get_by_role("tab", name="Log").click()
    page.get_by_role("tab", name="Diff").click()
    begin_at(file, 1)
    expect(form_of(page)).to_have_value("Who is paged?")
    # They go along when the comment is about another line too.
    file.get_by_role("button", name="Comment on line 2").click(modifiers=["Shift"])
    expect(form_of(page)).to_have_value("Who is paged?")
    page.get_by_role("button", name="Add to review").click()
    expect(
        page.get_by_role("group", name="Lines 1 to 2").get_by_text("Who is paged?")
    ).to_be_visible()
    begin_at(file, 3)
    expect(form_of(page)).to_have_value("Whose page?")
    page.get_by_role("button", name="Cancel", exact=True).last.click()
    for line in (1, 3):
        begin_at(file, line)
        expect(form_of(page)).to_have_value("")
    task.act("cancel")


def test_an_approval_asks_first_about_comments_that_nobody_would_see(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    page = open_browser(world, "alice").open(f"/tasks/{task.id}?view=diff")
    file = page.get_by_role("article", name="paging.md")
    begin_at(file, 1)
    form_of(page).fill("Who is paged?")
    page.get_by_role("button", name="Add to review").click()
    expect(page.get_by_role("group", name="Line 1")).to_be_visible()
    begin_at(file, 3)
    form_of(page).fill("Whose page?")
    page.get_by_role("tab", name="Log").click()
    dialog = page.get_by_role("dialog", name="You have 2 draft comments that nobody will see")
    for answer in ("Cancel", "Submit review"):
        page.get_by_role("button", name="Approve").click()
        assert task.now()["gate"], "nothing is approved before"
        dialog.get_by_role("button", name=answer).click()
        expect(dialog).to_have_count(0)
    task.wait_for_status("completed")
    threads = task.api.get(f"{task.path}/comments")["items"]
    shown = {each["comments"][0]["body"]: each["comments"][0]["draft"] for each in threads}
    assert shown == {"Who is paged?": False, "Whose page?": False}


def begin_at(file: Locator, line: int) -> None:
    file.get_by_role("button", name=f"Comment on line {line}", exact=True).click()


def form_of(page: Page) -> Locator:
    """The one that is open."""
    return page.get_by_role("table").get_by_role("textbox")
