"""Two people at one thing at once: a question of which one answer counts, a terminal with one hand
in it. Each is told of the other."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world import scenes
from tests.e2e.world.stage import World
from tests.flows.running_stack import wait_for

CLIPBOARD = ["clipboard-read", "clipboard-write"]
PRESS_AT = "(one, at) => void setTimeout(() => one.click(), at - Date.now())"
TOLD = re.compile(r"(\w+) answered( first\.|: confirm)")


def test_of_two_who_confirm_at_once_one_wins_and_the_other_is_told_who(
    world: World, open_browser: OpenBrowser
) -> None:
    """One stands before the task, the other in the inbox."""
    task = world.task("alice", "handbook", scenes.PAGES).wait_for_status("suspended", "gate")
    pages, buttons = dict[str, Page](), list[Locator]()
    for name, path in (("bo", f"/tasks/{task.id}"), ("priya", "/")):
        visitor = open_browser(world, name)
        visitor.expect(409, "/confirm-stage")
        page = pages[name] = visitor.open(path)
        asked = page.get_by_role("listitem" if path == "/" else "main").filter(
            has_text=f"#{task.id}"
        )
        buttons.append(asked.get_by_role("button", name="Approve").first)
        expect(buttons[-1]).to_be_enabled()
    at = pages["bo"].evaluate("Date.now() + 1000")
    for button in buttons:  # Both have pressed before either knows of the other.
        button.evaluate(PRESS_AT, at)
    # Said in passing: it is looked for before anything else is waited for.
    [loser] = wait_for(
        lambda: [one for one in pages if text_of(pages[one])], "word of who was faster"
    )
    [winner] = {*pages} - {loser}
    assert text_of(pages[loser]) == winner
    assert not text_of(pages[winner])
    task.wait_for_status("completed")
    [answer] = task.events("confirmed")
    assert (answer["data"]["answeredBy"]["name"], answer["data"]["result"]) == (winner, "confirm")
    expect(pages["priya"].get_by_role("listitem").filter(has_text=f"#{task.id}")).to_have_count(0)
    expect(pages["bo"].get_by_text("Completed").first).to_be_visible()


def text_of(page: Page) -> str:
    """Who was faster, as the page says in passing; empty where it says nothing."""
    toasts = page.locator(".toast").filter(has_text=TOLD)
    if not toasts.count():
        return ""
    said = TOLD.search(toasts.first.inner_text())
    return said[1] if said else ""


def test_a_second_person_watches_takes_over_and_the_first_is_told(
    world: World, open_browser: OpenBrowser
) -> None:
    task = world.task("priya", "lab", "Look around by hand").wait_for_status("running")
    priya = open_browser(world, "priya", permissions=CLIPBOARD).open(
        f"/tasks/{task.id}?view=terminal"
    )
    hers = priya.get_by_role("region", name="Terminal", exact=True)
    expect(hers).to_contain_text("You control")
    alice = open_browser(world, "alice", permissions=CLIPBOARD).open(
        f"/tasks/{task.id}?view=terminal"
    )
    others = alice.get_by_role("region", name="Terminal", exact=True)
    expect(others).to_contain_text("Priya controls, you watch")
    expect(hers).to_contain_text("You control, alice watches")
    # How far it is, of a screen as well, where nothing has come since.
    expect(others).to_contain_text(re.compile(r"byte [1-9]"))

    type_line(priya, "echo by-the-first-$((40 + 2))")
    wait_for(
        lambda: "by-the-first-42" in screen_of(alice), "what is typed, before the other's eyes"
    )
    type_line(alice, "echo by-who-watches")

    others.get_by_role("button", name="Take over").click()
    expect(others).to_contain_text("You control, priya watches")
    expect(hers).to_contain_text("alice took control. You're watching.")
    expect(hers).to_contain_text("Alice controls, you watch")
    type_line(priya, "echo by-who-was-taken-over")
    type_line(alice, "echo by-the-second-$((40 + 2))")
    wait_for(
        lambda: "by-the-second-42" in screen_of(priya), "what is typed, before the first's eyes"
    )
    assert b"by-who" not in task.log(), "who watches types nothing"

    alice.close()
    expect(hers).to_contain_text("No one controls")
    hers.get_by_role("button", name="Take control").click()
    expect(hers).to_contain_text("You control")
    type_line(priya, "exit")
    task.wait_for_status("completed")


def type_line(page: Page, line: str) -> None:
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type(f"{line}\n")


def screen_of(page: Page) -> str:
    page.get_by_role("button", name="Copy screen").click()
    return str(page.evaluate("navigator.clipboard.readText()"))
