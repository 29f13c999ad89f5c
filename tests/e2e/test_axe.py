"""No page and no dialog has anything that axe finds, or overflows, light or dark, wide or narrow,
in either language; and each has one heading, a title, and survives a reload."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from demo.console.paths import SOURCE
from tests.e2e import pages
from tests.e2e.appearance import ServerTexts, list_overflows, list_untranslated
from tests.e2e.conftest import OpenBrowser
from tests.e2e.visitor import DESK, PHONE
from tests.e2e.world.stage import World

AXE = SOURCE / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]


def found(page: Page, rules: list[str]) -> list[str]:
    """What axe finds, a line each. It is run past the page's policy, in the browser's own world."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Path(AXE).read_text() + ";null")
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    run = f"axe.run(document, {json.dumps(options)})"
    violations: list[dict[str, Any]] = page.evaluate(run)["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for one in violations
        for node in one["nodes"]
    ]


def found_in(page: Page, room: pages.PageSpec, texts: ServerTexts | None) -> list[str]:
    """In the dark, into which it goes as it stands, nothing is different but colours."""
    size = page.viewport_size or DESK
    page.emulate_media(color_scheme="light")
    pages.settle(page)
    if room.before:
        room.before(page)
    if room.is_over:
        page.get_by_role("dialog").or_(page.get_by_role("menu")).first.wait_for()
        pages.settle(page)
    wrong = found(page, TAGS)
    if texts:
        wrong += list_untranslated(page, texts.read())
    page.emulate_media(color_scheme="dark")
    page.evaluate(pages.STILL)
    wrong += [f"dark: {each}" for each in found(page, COLOURS)]
    wrong += list_overflows(page)
    page.set_viewport_size(size)
    return wrong


@pytest.mark.timeout(900)  # some seventy rooms, on whatever machine
@pytest.mark.parametrize(
    ("viewport", "locale"),
    [pytest.param(DESK, "en-US", id="a desk"), pytest.param(PHONE, "zh-CN", id="a phone")],
)
def test_nothing_is_wrong_light_or_dark_at_any_width(
    full_world: World, open_browser: OpenBrowser, viewport: dict[str, int], locale: str
) -> None:
    options = {"viewport": viewport, "locale": locale, "reduced_motion": "reduce"}
    people = {
        True: open_browser(full_world, "alice", **options),
        False: open_browser(full_world, **options),
    }
    is_chinese = locale == "zh-CN"
    texts = {one: ServerTexts(people[one].page) if is_chinese else None for one in people}
    wrong: list[str] = []
    for room in pages.list_pages(full_world.admin):
        page = people[room.signed_in].open(room.path)
        try:
            wrong += [
                f"{room.name}: {each}" for each in found_in(page, room, texts[room.signed_in])
            ]
        except Exception as problem:  # all of the rooms are looked at, whatever one does
            wrong.append(f"{room.name}: {str(problem).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)


def test_every_page_has_one_heading_and_a_title_after_a_reload_too(
    full_world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(full_world, "alice")
    wrong: list[str] = []
    for room in [one for one in pages.list_pages(full_world.admin) if not one.is_over]:
        page = visitor.open(room.path)
        for _ in range(2):
            page.locator("h1").first.wait_for()
            title = page.title()
            if page.locator("h1").count() != 1 or not title.endswith("Muster"):
                wrong.append(f"{room.name}: {page.locator('h1').count()} headings, {title!r}")
            page.reload()
    assert not wrong, "\n".join(wrong)
