"""The console in a real browser: sign in, see a task's question, answer it, see the result.
`make e2e` tests the rest."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from demo.console import builder
from tests.e2e.visitor import Visitor, launched
from tests.flows.running_stack import ADMIN, PASSWORD, RunningStack
from tests.flows.test_life_of_a_task import git, shell
from tests.needs import declare_needs


@pytest.fixture
@declare_needs("chromium")
def visitor(running: RunningStack) -> Iterator[Visitor]:
    with launched() as browser:
        builder.build(print)
        visitor = Visitor(browser, running.stack.url)
        yield visitor
        visitor.close()


def test_a_gate_is_answered_in_a_browser_and_the_branch_is_pushed(
    running: RunningStack, visitor: Visitor
) -> None:
    write = shell("write", "echo one > one.txt")
    key = running.project("SEEN", write, shell("sign", "true", confirm=True, prompt="Push it?"))
    task = running.task(key, "Write a file")
    task.wait_for_status("suspended")
    page = visitor.open(f"/tasks/{task.id}")
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Push it?").first).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).first.click()
    done = task.wait_for_status("completed")
    assert git(running, "rev-parse", f"muster/{task.id}") == done["result"]["commit"]
    expect(page.locator("h1")).to_contain_text("Write a file")
    expect(page.get_by_text("Completed").first).to_be_visible()
    assert visitor.errors == []
