"""Each panel that shows a task shows its current state, wherever that has changed.

The pages are open before the state changes through the API, and aren't touched. Every panel must
agree with the API within two seconds, or more on a busy machine.
"""

import os
import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page

from app.domain.pipeline import GateKind
from app.domain.task import SuspendReason
from tests.e2e.conftest import OpenBrowser
from tests.e2e.state_scenarios import SCENARIOS
from tests.e2e.state_table import CELLS, PANELS, WITHOUT_COLUMN
from tests.e2e.visitor import Visitor
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

MESSAGE_WORDS = {
    "waiting": "waiting",
    "delivered": "delivered",
    "unconfirmed": "perhaps not read",
    "returned": "not read",
}

Task = Mapping[str, Any]


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

    def _compare_messages(self, _: Task) -> str | None:
        items = self.page.get_by_role("region", name="Messages", exact=True).locator("li")
        shown = items.all_text_contents()
        expected = [(MESSAGE_WORDS[each["state"]], each["text"]) for each in self.task.messages()]
        is_right = len(shown) == len(expected) and all(
            item.startswith(word) and text in item
            for item, (word, text) in zip(shown, expected, strict=True)
        )
        return None if is_right else f"{shown}, not {expected}"

    def _compare_review(self, task: Task) -> str | None:
        answers = self.diff.get_by_role("radio", name=re.compile("^Reject and end"))
        is_asked = bool(task["gate"]) and task["gate"]["kind"] == "confirm"
        return None if answers.count() == is_asked else f"{answers.count()} answers"

    def _compare_row(self, task: Task) -> str | None:
        row = self.table.get_by_role("row").filter(has_text=f"#{self.task.id}")
        shown = text_of(row)
        # While a question is open, the row has that in place of an earlier answer.
        expected = [word_of(task), "" if task["gate"] else answer_of(task)]
        missing = [text for text in expected if text not in shown]
        return f"{shown} without {missing}" if missing else None

    def _compare_inbox(self, _: Task) -> str | None:
        items = self.task.api.get("/api/web/inbox", limit=200)["items"]
        expected = any((item["task"] or {}).get("id") == self.task.id for item in items)
        link = self.home.get_by_role("link", name=f"#{self.task.id}", exact=True)
        rows = self.home.get_by_role("region").locator(":scope > ol > li").filter(has=link)
        found = rows.all_inner_texts()
        return None if len(found) == expected else f"{found}, and the API has {int(expected)}"

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


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_panel_agrees_with_the_api(
    world: World, open_browser: OpenBrowser, name: str
) -> None:
    scenario = SCENARIOS[name]
    project = scenario.project if isinstance(scenario.project, str) else scenario.project(world)
    task = world.task(scenario.who, project, scenario.text, **scenario.fields)
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
    assert all(WITHOUT_COLUMN.values())
    suspended = {row.split(": ")[1] for row in CELLS if row.startswith("suspended")}
    assert {row.split(", ")[0] for row in suspended} == set(SuspendReason)
    # Mid-stage, the reason is the gate's kind.
    gates = set(GateKind) - {GateKind.QUESTION, GateKind.BUDGET, GateKind.CHOOSE} | {"choices"}
    assert {row.split(", ")[1] for row in suspended if ", " in row} == gates
    assert set(WORDS) <= CELLS.keys()
