"""Each panel that shows a task shows its current state, wherever that has changed.

The pages are open before the state changes through the API, and aren't touched. Every panel must
agree with the API within two seconds, or more on a busy machine.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page

from tests.e2e.conftest import OpenBrowser
from tests.e2e.state_table import CELLS, PANELS, WITHOUT_COLUMN, WITHOUT_ROW
from tests.e2e.visitor import Visitor
from tests.e2e.world import scenes
from tests.e2e.world.stage import TaskView, World
from tests.wait import wait_until

SECONDS = 2.0
QUESTIONS = {"gate", "question", "budget"}
WORDS = {
    "queued": "Queued",
    "assigned": "Assigned",
    "running": "Running",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

Task = Mapping[str, Any]
States = Iterator[str]


def allowed_seconds() -> float:
    """Two seconds for each process that waits for a core."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


# ---- what the API has ----------------------------------------------------------------------------


def word_of(task: Task) -> str:
    """The status in words."""
    if task["gate"] or task["suspendReason"] in QUESTIONS:
        return "Needs you"
    return "Waiting" if task["status"] == "suspended" else WORDS[task["status"]]


def answer_of(task: Task) -> str:
    answer = task["lastAnswer"]
    if not answer or answer["kind"] != "confirm":
        return ""
    what = "rejected it" if answer["result"] == "reject" else "approved"
    return f"{answer['answeredBy']['name']} {what}"


# ---- what the panels show ------------------------------------------------------------------------


class Panels(NamedTuple):
    """One person's open pages, and the task that they show."""

    task: TaskView
    page: Page
    diff: Page
    table: Page
    home: Page
    machine: Page | None

    def compare(self, panel: str, task: Task) -> str | None:
        """What the panel shows wrongly; None: nothing."""
        problem: str | None = getattr(self, f"_compare_{panel}")(task)
        return problem

    def _compare_header(self, task: Task) -> str | None:
        shown = text_of(self.page.locator("main header").get_by_role("status"))
        return None if shown == word_of(task) else f"{shown}, not {word_of(task)}"

    def _compare_strip(self, task: Task) -> str | None:
        stages = self.page.get_by_role("list", name="Stages")
        shown = text_of(stages)
        is_asking = "waiting for an answer" in shown
        is_asked = bool(task["gate"])
        if is_asking != is_asked:
            return f"{shown}: {'no ' if is_asked else ''}question"
        return None if answer_of(task) in shown else f"{shown} without {answer_of(task)}"

    def _compare_card(self, task: Task) -> str | None:
        card = self.page.locator("#question")
        is_right = card.count() == bool(task["gate"])
        return None if is_right else f"{card.count()} questions"

    def _compare_review(self, task: Task) -> str | None:
        answers = self.diff.get_by_role("radio", name=re.compile("^Reject and end"))
        is_asked = bool(task["gate"]) and task["gate"]["kind"] == "confirm"
        return None if answers.count() == is_asked else f"{answers.count()} answers"

    def _compare_row(self, task: Task) -> str | None:
        row = self.table.get_by_role("row").filter(has_text=f"#{self.task.id}")
        shown = text_of(row)
        missing = [text for text in (word_of(task), answer_of(task)) if text not in shown]
        return f"{shown} without {missing}" if missing else None

    def _compare_inbox(self, _: Task) -> str | None:
        items = self.task.api.get("/api/web/inbox", limit=200)["items"]
        expected = any((item["task"] or {}).get("id") == self.task.id for item in items)
        rows = self.home.get_by_role("region").locator(":scope > ol > li")
        found = rows.filter(has_text=re.compile(rf"#{self.task.id}(?!\d)")).count()
        return None if found == expected else f"{found} rows, and the API has {int(expected)}"

    def _compare_sidebar(self, task: Task) -> str | None:
        side = self.home.get_by_role("complementary", name="Running tasks")
        found = side.locator(f"a[href='/tasks/{self.task.id}']").count()
        query = {"status": "assigned,running", "limit": 6}
        listed = {item["id"] for item in self.task.api.get("/api/web/tasks", **query)["items"]}
        return None if found == (task["id"] in listed) else f"{found} lines"

    def _compare_machine(self, task: Task) -> str | None:
        assert self.machine is not None
        line = self.machine.get_by_role("region", name="Tasks on it").get_by_role("listitem")
        shown = text_of(line.filter(has_text=f"#{self.task.id}"))
        return None if word_of(task) in shown else f"{shown} without {word_of(task)}"


def text_of(found: Locator) -> str:
    return found.first.inner_text() if found.count() else ""


def open_panels(visitor: Visitor, task: TaskView) -> Panels:
    def show(path: str) -> Page:
        page = visitor.context.new_page()
        page.goto(path)
        return page

    machine = task.now()["machineId"]
    path = f"/tasks/{task.id}"
    return Panels(
        task,
        show(path),
        show(f"{path}?view=diff"),
        show("/tasks"),
        show("/"),
        show(f"/machines/{machine}") if machine else None,
    )


# ---- the states ----------------------------------------------------------------------------------


def waiting(task: TaskView) -> States:
    yield "queued"
    task.act("cancel")
    yield "cancelled"


def asked(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    yield "suspended: gate, confirm"
    task.answer("confirm", comment="Go.")
    wait_until(lambda: task.now()["lastAnswer"] is not None, "the answer", SECONDS * 10)
    yield "answered"
    task.wait_for_status("completed")
    yield "completed"


def rejected(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    task.answer("reject", comment="Not on a Friday.")
    yield "rejected"


def withdrawn(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    task.act("follow-ups", instruction="Once more", fromStage=0)
    task.wait_for_round(2)
    yield "withdrawn"
    task.act("cancel")


def asking(task: TaskView) -> States:
    task.wait_for_status("running")
    yield "running"
    task.wait_for_status("suspended", "question")
    yield "suspended: question"
    task.act("cancel")


def choosing(task: TaskView) -> States:
    task.wait_for_status("suspended", "gate")
    yield "suspended: gate, choices"
    task.act("cancel")


def spending(task: TaskView) -> States:
    task.wait_for_status("suspended", "budget")
    yield "suspended: budget"
    task.act("cancel")


def limited(task: TaskView) -> States:
    task.wait_for_status("suspended", "quota")
    yield "suspended: quota"
    task.act("cancel")


def failing(task: TaskView) -> States:
    task.wait_for_status("failed")
    yield "failed"


def draining(task: TaskView) -> States:
    """The machine with its workspace drains: it is queued, and its question stays open."""
    task.wait_for_status("suspended", "gate")
    machine = f"/api/web/machines/{task.now()['machineId']}"
    task.world.people["mei"].post(f"{machine}/drain", {"note": "a new disk"})
    try:
        task.wait_for_status("queued")
        yield "draining"
    finally:
        task.world.people["mei"].post(f"{machine}/undrain", {})
    task.act("cancel")


def losing(task: TaskView) -> States:
    """Nothing of its machine is left, until it starts again."""
    task.wait_for_status("running")
    name = task.now()["machineName"]
    machine = task.world.machines[name]
    machine.silence()
    try:
        task.wait_for_status("suspended", "machine_lost")
        yield "suspended: machine_lost"
    finally:
        agents = task.world.agents
        machine.start(f"{agents}:{os.environ.get('PATH', os.defpath)}", [str(agents)])
    task.act("cancel")


class Scenario(NamedTuple):
    project: str
    text: str
    states: Callable[[TaskView], States]
    has_machine: bool = True
    who: str = "alice"
    fields: Mapping[str, Any] = {}


SCENARIOS = {
    "waiting": Scenario("handbook", "Wait", waiting, False, fields={"machineSelector": "no=such"}),
    "asked": Scenario("handbook", scenes.PAGES, asked),
    "rejected": Scenario("handbook", scenes.PAGES, rejected),
    "withdrawn": Scenario("handbook", scenes.PAGES, withdrawn),
    "asking": Scenario("handbook", "Name it [ask]", asking),
    "choosing": Scenario("ingest", scenes.CSV, choosing, who="mei"),
    "spending": Scenario(
        "handbook", "Count [spend]", spending, fields={"budget": {"tokens": 60_000}}
    ),
    "limited": Scenario("storefront", scenes.CHECKOUT, limited),
    "failing": Scenario("handbook", "Give up [fail]", failing),
    "draining": Scenario("handbook", scenes.PAGES, draining),
    "losing": Scenario("handbook", "Measure it [slow]", losing),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_panel_agrees_with_the_api(
    world: World, open_browser: OpenBrowser, name: str
) -> None:
    scenario = SCENARIOS[name]
    task = world.task(scenario.who, scenario.project, scenario.text, **scenario.fields)
    if scenario.has_machine:
        wait_until(lambda: task.now()["machineId"] is not None, "a machine", SECONDS * 30)
    visitor = open_browser(world, scenario.who)
    visitor.expect(404, "/diff")
    panels = open_panels(visitor, task)
    for state in scenario.states(task):
        compare_panels(panels, state)


def compare_panels(panels: Panels, state: str) -> None:
    skipped, problems = CELLS[state], dict[str, str | None]()
    started, most = time.monotonic(), allowed_seconds()
    waiting_for = [panel for panel in PANELS if panel not in skipped]
    while waiting_for:
        task = panels.task.now()
        problems = {panel: panels.compare(panel, task) for panel in waiting_for}
        waiting_for = [panel for panel in waiting_for if problems[panel]]
        if waiting_for and time.monotonic() - started > most:
            wrong = "\n".join(f"{panel}: {problems[panel]}" for panel in waiting_for)
            raise AssertionError(f"{state}, after {most:.1f} s:\n{wrong}")
        panels.page.wait_for_timeout(50)


def test_the_table_has_every_state_and_every_panel() -> None:
    """A cell is compared, or has a reason."""
    reasons = {panel for cells in CELLS.values() for panel in cells}
    assert reasons <= set(PANELS)
    assert all(text for cells in CELLS.values() for text in cells.values())
    assert all((*WITHOUT_ROW.values(), *WITHOUT_COLUMN.values()))
    suspended = {"gate", "question", "budget", "quota", "machine_lost"}
    rows = CELLS.keys() | WITHOUT_ROW.keys()
    assert {row.split(": ")[1].split(",")[0] for row in rows if ": " in row} == suspended
    assert {"assigned", *WORDS} <= rows
