"""What people answer and decide in the console: a question, a budget, a machine that goes out of
service."""

import re

from playwright.sync_api import Route, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world import scenes
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for


def test_who_reviews_too_late_is_told_who_was_faster(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    visitor = open_browser(world, "bo")
    visitor.expect(409, "/reviews")

    def faster(route: Route) -> None:
        if route.request.method == "POST":
            task.answer("confirm")
        route.continue_()

    visitor.context.route(f"**/api/web/tasks/{task.id}/reviews", faster)
    page = visitor.open(f"/tasks/{task.id}?view=diff")
    page.get_by_label("Summary").fill("Good.")
    page.get_by_role("radio", name=re.compile("^Approve")).check()
    page.get_by_role("button", name=re.compile("^Submit")).click()
    expect(page.get_by_text("alice answered this gate first")).to_be_visible()


def test_an_agents_question_is_answered_by_a_choice(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("bo", "storefront", scenes.ADDRESS).wait_for_status("suspended", "question")
    page = open_browser(world, "bo").open(f"/tasks/{task.id}")
    expect(page.get_by_text("Which endpoint stays?").first).to_be_visible()
    page.get_by_role("button", name="Keep both").first.click()
    task.wait_for_status("completed")
    expect(page.get_by_text("Completed").first).to_be_visible()


def test_a_budget_that_is_used_up_is_raised(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("priya", "storefront", "Count it all [spend]", budget={"tokens": 200_000})
    task.wait_for_status("suspended", "budget")
    page = open_browser(world, "priya").open(f"/tasks/{task.id}")
    page.get_by_label("Tokens").first.fill("90000000")
    page.get_by_role("button", name=re.compile("^Continue")).first.click()
    task.wait_for_status("completed")


def test_a_failure_is_followed_up_where_it_is_told(world: World, open_browser: OpenBrowser) -> None:
    task = world.task("alice", "billing", scenes.VAT)
    task.wait_for_status("failed")
    page = open_browser(world, "alice").open("/")
    item = page.get_by_role("listitem").filter(has_text=f"#{task.id}")
    item.get_by_role("button", name="Follow up").click()
    dialog = page.get_by_role("dialog", name=re.compile(f"#{task.id}"))
    dialog.get_by_role("textbox").first.fill("Go on from what is there.")
    dialog.get_by_role("button", name="Follow up").click()
    expect(dialog).to_have_count(0)
    wait_for(lambda: task.now()["round"] == 2, "the next round")


def test_a_machine_is_drained_with_a_note_and_taken_back(
    world: World, open_browser: OpenBrowser
) -> None:
    machine = world.machine_id("tern")
    page = open_browser(world, "mei").open(f"/machines/{machine}")
    page.get_by_role("button", name=re.compile("^Drain")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("A new disk comes at noon.")
    dialog.get_by_role("button", name=re.compile("^Drain")).last.click()
    expect(page.get_by_text(re.compile("Draining|Drained")).first).to_be_visible()
    now = world.admin.get(f"/api/web/machines/{machine}")
    assert now["drain"]["note"] == "A new disk comes at noon."
    page.get_by_role("button", name=re.compile("^Undrain")).first.click()
    expect(page.get_by_text("Online").first).to_be_visible()
    wait_for(
        lambda: world.admin.get(f"/api/web/machines/{machine}")["status"] == "online", "machine"
    )
