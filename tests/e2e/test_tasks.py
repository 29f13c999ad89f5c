"""The list of tasks and the form of a new one: many at once, what was begun and is found again."""

import re
from collections.abc import Iterator
from secrets import token_hex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import TaskView, World
from tests.flows.running_stack import wait_for
from tests.image_files import make_png

NOWHERE = "gpu=true"  # no machine is like that: what wants it waits
TEMPLATE = "## What goes wrong\n\n## What was expected\n"


def test_several_are_chosen_and_retried_and_then_some_of_them_cancelled(
    world: World, open_browser: OpenBrowser
) -> None:
    word = token_hex(4)
    tasks = [
        world.task("bo", "storefront", f"Cut {word}, {n}", machineSelector=NOWHERE).act("cancel")
        for n in range(3)
    ]
    page = open_browser(world, "bo").open(f"/tasks?q={word}")
    rows = [row_of(page, task) for task in tasks]
    for row in rows:
        expect(row).to_contain_text("Cancelled")

    page.get_by_label("Select all shown").check()
    page.get_by_role("button", name="Retry 3 tasks").click()
    expect(page.get_by_text("Requeued 3 tasks")).to_be_visible()
    expect(page.get_by_role("toolbar")).to_have_count(0)
    for row in rows:
        expect(row).to_contain_text("Queued")

    for row in rows[:2]:
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Cancel 2 tasks").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name="Cancel 2 tasks").click()
    expect(page.get_by_text("Cancelled 2 tasks")).to_be_visible()
    for row, status in zip(rows, ("Cancelled", "Cancelled", "Queued"), strict=True):
        expect(row).to_contain_text(status)

    for row in rows:
        row.get_by_role("checkbox").check()
    expect(page.get_by_text("No action applies to all of them")).to_be_visible()
    tasks[2].act("cancel")
    expect(page.get_by_role("button", name="Retry 3 tasks")).to_be_visible()


def row_of(page: Page, task: TaskView) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_label(f"Select #{task.id}", exact=True))


@pytest.fixture
def template(world: World) -> Iterator[str]:
    """Its name, in the handbook."""
    path = "/api/web/projects/handbook"
    before = world.admin.get(path)["templates"]
    world.admin.put(path, {"templates": [{"name": "A fault", "text": TEMPLATE}]})
    yield "A fault"
    world.admin.put(path, {"templates": before})


def test_a_template_begins_a_description_and_gives_back_what_was_there(
    world: World, open_browser: OpenBrowser, template: str
) -> None:
    page = open_browser(world, "bo").open("/tasks")
    dialog, description = new_task(page)
    dialog.get_by_label("Project", exact=True).select_option("handbook")
    description.fill("Written before")
    dialog.get_by_label("Template").select_option(template)
    expect(description).to_have_value(TEMPLATE)
    page.get_by_role("button", name="Undo").click()
    expect(description).to_have_value("Written before")
    dialog.get_by_label("Template").select_option(template)
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_text("What was expected", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Write", exact=True).click()
    description.fill("")
    page.keyboard.press("Escape")
    wait_for(lambda: not drafts_of(world, "bo", ""), "end of a draft that has become empty")


def test_a_draft_outlives_its_dialog_and_a_reload_and_becomes_a_task(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "bo").open("/tasks")
    dialog, description = new_task(page)
    dialog.get_by_label("Project", exact=True).select_option("handbook")
    description.fill("Draft that is closed\n\nAnd more of it.")
    dialog.get_by_label("Priority").fill("7")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Draft saved")).to_be_visible()

    dialog, description = new_task(page)
    dialog.get_by_role("button", name="Draft that is closed").first.click()
    expect(description).to_have_value("Draft that is closed\n\nAnd more of it.")
    expect(dialog.get_by_label("Priority")).to_have_value("7")
    description.fill("Draft that is left\n\nIn the middle of a wo")
    page.reload()  # by its address, the dialog is open again

    dialog, description = form_of(page)
    expect(dialog.get_by_role("button", name="Draft that is closed")).to_have_count(0)
    dialog.get_by_role("button", name="Draft that is left").first.click()
    expect(dialog.get_by_label("Project", exact=True)).to_have_value("handbook")
    description.press("End")
    description.press_sequentially("rd.")
    dialog.get_by_role("button", name="Create task").click()
    page.wait_for_url(re.compile(r"/tasks/\d+"))
    [number] = re.findall(r"/tasks/(\d+)", page.url)
    task = TaskView(world, world.people["bo"], int(number))
    assert task.now()["description"] == "Draft that is left\n\nIn the middle of a word."
    wait_for(lambda: not drafts_of(world, "bo", "Draft that is left"), "end of the draft")
    task.act("cancel")


PASTE = """
([target, bytes]) => {
  const data = new DataTransfer()
  data.items.add(new File([new Uint8Array(bytes)], 'shot.png', { type: 'image/png' }))
  target.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
  )
}
"""


def test_a_pasted_image_becomes_part_of_the_task_and_is_shown_on_its_page(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "bo").open("/tasks")
    dialog, description = new_task(page)
    dialog.get_by_label("Project", exact=True).select_option("handbook")
    description.fill("Look like this")
    pixels = [*make_png(64, 48)]
    for _ in range(2):
        page.evaluate(PASTE, [description.element_handle(), pixels])
    expect(dialog.get_by_role("img", name="shot.png")).to_have_count(2)
    dialog.get_by_role("button", name="Remove shot.png").first.click()
    expect(dialog.get_by_role("img", name="shot.png")).to_have_count(1)
    dialog.get_by_role("button", name="Create task").click()
    page.wait_for_url(re.compile(r"/tasks/\d+"))
    shown = page.get_by_role("img", name="Open shot.png")
    expect(shown).to_be_visible()
    wait_for(lambda: shown.evaluate("image => image.naturalWidth") == 64, "decoded image")
    [number] = re.findall(r"/tasks/(\d+)", page.url)
    task = TaskView(world, world.people["bo"], int(number))
    assert [each["width"] for each in task.now()["images"]] == [64]
    task.act("cancel")


def new_task(page: Page) -> tuple[Locator, Locator]:
    """The dialog and its description."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("c")
    return form_of(page)


def form_of(page: Page) -> tuple[Locator, Locator]:
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Project", exact=True).get_by_role("option")).not_to_have_count(1)
    return dialog, dialog.get_by_label("Description")


def drafts_of(world: World, name: str, begin: str) -> list[str]:
    items = world.people[name].get("/api/web/profile/drafts")["items"]
    return [description for each in items if (description := each["description"]).startswith(begin)]
