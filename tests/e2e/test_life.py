"""A task's whole life at one desk: a project, a task, its terminal, its diff, two comments, a
second round, approved and pushed."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world import scenes
from tests.e2e.world.stage import TaskView, World
from tests.flows.running_stack import wait_for

PIPELINE = [
    {"name": "look", "command": "Look around.", "agentOptions": {"interface": "terminal"}},
    {"name": "write", "command": "{description}"},
    {"name": "sign", "kind": "shell", "command": "true", "confirm": True, "prompt": "Push it?"},
]


def make_project(page: Page, world: World) -> str:
    page.get_by_role("button", name="New project").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key", exact=True).fill("POEMS")
    dialog.get_by_label("Repository").fill(world.repositories["handbook"].url)
    dialog.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/projects/POEMS*")
    expect(dialog).to_be_hidden()  # its keys are not the page's
    # The editor of pipelines has tests of its own.
    world.people["alice"].put("/api/web/projects/POEMS", {"pipeline": PIPELINE})
    return "POEMS"


def make_task(page: Page, world: World, project: str, text: str) -> TaskView:
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    choose(page, "Project", project)
    dialog.get_by_label("Description").fill(text)
    dialog.get_by_role("button", name="Create task").click()
    page.wait_for_url(re.compile(r"/tasks/\d+"))
    [number] = re.findall(r"/tasks/(\d+)", page.url)
    return TaskView(world, world.people["alice"], int(number))


def choose(page: Page, label: str, option: str) -> None:
    field = page.get_by_role("dialog").get_by_label(label, exact=True)
    if field.evaluate("(one) => one.tagName") == "SELECT":
        field.select_option(option)
        return
    field.click()
    page.get_by_role("option", name=option).first.click()


def type_into_terminal(page: Page, task: TaskView) -> None:
    page.get_by_role("tab", name="Terminal").click()
    task.wait_for_status("running")
    wait_for(lambda: b"Welcome to Claude Code" in task.log(), "terminal")
    expect(page.get_by_role("region", name="Terminal")).to_contain_text("control")
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("hello there\n")
    wait_for(lambda: "I heard “hello there”".encode() in task.log(), "answer to what was typed")
    page.keyboard.type("/exit\n")


def comment(page: Page, line: int, text: str) -> None:
    page.get_by_role("button", name=f"Comment on line {line}", exact=True).first.click()
    page.get_by_role("textbox", name=f"Line {line}").or_(
        page.get_by_placeholder("Comment")
    ).first.fill(text)
    page.get_by_role("button", name="Add to review").click()
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_task_from_its_project_to_its_pushed_branch(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "alice").open("/projects")
    project = make_project(page, world)
    task = make_task(page, world, project, scenes.RETRIES)
    type_into_terminal(page, task)
    task.wait_for_status("suspended", "gate")
    expect(page.get_by_text("Push it?").first).to_be_visible()
    page.get_by_role("tab", name=re.compile("^Diff")).click()
    comment(page, 3, "Which waits are these?")
    comment(page, 5, "Say what fails then.")
    page.get_by_role("radio", name=re.compile("^Request changes")).check()
    page.get_by_placeholder("Summarize in a sentence").fill("Nearly: two things.")
    page.get_by_role("button", name=re.compile("^Submit with 2 drafts")).click()
    task.wait_for_round(2).wait_for_status("suspended", "gate")
    expect(page.get_by_text("Done, with a test").or_(page.get_by_text("Changed as you say")).first
           ).to_be_visible()  # fmt: skip
    page.get_by_role("radio", name=re.compile("^Approve")).check()
    page.get_by_role("button", name=re.compile("^Submit review")).click()
    task.wait_for_status("completed")
    expect(page.get_by_text("Completed").first).to_be_visible()
    done = task.now()
    git = world.repositories["handbook"].git
    assert git("rev-parse", f"refs/heads/{done['taskBranch']}") == done["result"]["commit"]
    assert "then the task fails and says so" in git("show", f"{done['taskBranch']}:retries.md")
