"""The inbox: what can be done in its rows, each of which leaves by itself, wherever it is shown."""

from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.visitor import PHONE
from tests.e2e.world.stage import TaskView, World

ENOUGH = "90000000"


class StartedTasks(NamedTuple):
    """What is begun at once, so that no test waits for long."""

    question: TaskView
    budget: TaskView
    failure: TaskView
    result: TaskView
    seen: TaskView


@pytest.fixture(scope="module")
def started(world: World) -> StartedTasks:
    little = {"tokens": 60_000}
    return StartedTasks(
        question=world.task("alice", "handbook", "Name it [ask]"),
        budget=world.task("alice", "handbook", "Count for long [spend]", budget=little),
        failure=world.task("alice", "handbook", "Give up [fail]"),
        result=world.task("alice", "storefront", "Note what is good"),
        seen=world.task("alice", "storefront", "Note what is seen"),
    )


class InboxPages:
    """The inbox in front of one person twice, at a desk and on a phone: what is done at the desk is
    seen on the phone."""

    def __init__(self, visit: OpenBrowser, world: World, name: str) -> None:
        self.desk = visit(world, name).open("/")
        self.phone = visit(world, name, viewport=PHONE).open("/")

    def row(self, what: str) -> Locator:
        for page in (self.phone, self.desk):
            expect(row_of(page, what)).to_be_visible()
        return row_of(self.desk, what)

    def select(self, what: str) -> Locator:
        """By the keys."""
        row = self.row(what)
        for _ in range(40):
            if row.get_attribute("aria-current") == "true":
                return row
            self.desk.keyboard.press("j")
        raise AssertionError(f"{what} was not to be reached by J")

    def is_gone(self, what: str, says: str = "") -> None:
        for page in (self.desk, self.phone):
            expect(row_of(page, what).filter(has_text=says)).to_have_count(0)


def row_of(page: Page, what: str) -> Locator:
    """By its link. What runs stands beside, and is no row."""
    rows = page.get_by_role("region").get_by_role("listitem")
    return rows.filter(has=page.get_by_role("link", name=what, exact=True))


def test_a_question_is_answered_by_the_number_of_its_choice(
    world: World, started: StartedTasks, open_browser: OpenBrowser
) -> None:
    task = started.question.wait_for_status("suspended", "question")
    shown = InboxPages(open_browser, world, "alice")
    shown.select(f"#{task.id}")
    shown.desk.keyboard.press("2")
    shown.is_gone(f"#{task.id}", "Which name does the new file get?")
    [answer] = task.events("confirmed")
    assert answer["data"]["result"] == "CHANGES.md"
    task.wait_for_status("suspended", "gate").act("cancel")
    shown.is_gone(f"#{task.id}")


def test_a_budget_is_raised_by_another_amount(
    world: World, started: StartedTasks, open_browser: OpenBrowser
) -> None:
    task = started.budget.wait_for_status("suspended", "budget")
    shown = InboxPages(open_browser, world, "alice")
    row = shown.select(f"#{task.id}")
    row.get_by_role("button", name="Other amount").click()
    row.get_by_label("Tokens").fill(ENOUGH)
    row.get_by_role("button", name="Continue").click()
    shown.is_gone(f"#{task.id}")
    task.wait_for_status("running").act("cancel")


def test_a_failure_is_retried_and_is_back_when_it_fails_again(
    world: World, started: StartedTasks, open_browser: OpenBrowser
) -> None:
    task = started.failure.wait_for_status("failed")
    shown = InboxPages(open_browser, world, "alice")
    shown.row(f"#{task.id}").get_by_role("button", name="Retry from write").click()
    shown.is_gone(f"#{task.id}")
    row = shown.row(f"#{task.id}")
    assert task.now()["attempt"] == 2
    row.get_by_role("button", name="Dismiss").click()
    shown.is_gone(f"#{task.id}")


def test_a_result_is_approved(
    world: World, started: StartedTasks, open_browser: OpenBrowser
) -> None:
    task = started.result.wait_for_status("completed")
    shown = InboxPages(open_browser, world, "alice")
    shown.row(f"#{task.id}").get_by_role("button", name="Approve").click()
    shown.is_gone(f"#{task.id}")
    [review] = task.api.get(f"{task.path}/reviews")["items"]
    assert review["verdict"] == "approve"


def test_what_is_marked_as_seen_leaves_and_comes_back_by_undo(
    world: World, started: StartedTasks, open_browser: OpenBrowser
) -> None:
    task = started.seen.wait_for_status("completed")
    shown = InboxPages(open_browser, world, "alice")
    shown.row(f"#{task.id}").get_by_role("button", name="Dismiss").click()
    shown.is_gone(f"#{task.id}")
    shown.desk.get_by_role("button", name="Undo").click()
    shown.row(f"#{task.id}").get_by_role("button", name="Dismiss").click()
    shown.is_gone(f"#{task.id}")


def test_a_machine_that_has_drained_itself_is_taken_back(
    world: World, open_browser: OpenBrowser
) -> None:
    before = in_service(world)
    world.admin.put("/api/admin/settings", {"maxDiskPercent": 1})
    try:
        shown = InboxPages(open_browser, world, "mei")
        row = shown.row("tern")
        expect(row).to_contain_text("tern is draining: disk full.")
        row.get_by_role("button", name="Undrain").click()
        shown.is_gone("tern")
        assert world.machine_id("tern") in in_service(world)
    finally:
        world.admin.put("/api/admin/settings", {"maxDiskPercent": 100})
        for machine in before - in_service(world):
            world.admin.post(f"/api/web/machines/{machine}/undrain", {})


def in_service(world: World) -> set[str]:
    """The ids of machines that are."""
    machines = world.admin.get("/api/web/machines")["items"]
    return {each["id"] for each in machines if each["status"] == "online"}
