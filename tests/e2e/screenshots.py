"""`make screenshots`: every page, and what `muster` prints, at two widths in both themes.

They go into `screenshots/`.
With MUSTER_URL of a stack that has the full world (`python -m tests.e2e.world`) of that one; else
one is started. Names choose: `python -m tests.e2e.screenshots machine task-diff muster-lists`.
LOCALE=zh-CN shows the pages in that language.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error

from app.server_cli.local.api import ApiClient
from tests.e2e import pages, shells
from tests.e2e.conftest import PASSWORD, running_world
from tests.e2e.visitor import DESK, PHONE, Visitor, launched
from tests.e2e.world import plot
from tests.e2e.world.__main__ import USUAL

PLACE = Path("screenshots")
LOCALE = os.environ.get("LOCALE", "en-US")


@contextmanager
def stack() -> Iterator[tuple[str, str]]:
    """Its URL, and the password of its people."""
    if url := os.environ.get("MUSTER_URL"):
        yield url, os.environ.get("MUSTER_ADMIN_PASSWORD") or USUAL
        return
    with running_world() as world:
        plot.play(world)
        yield world.stack.url, PASSWORD


def main(names: list[str]) -> int:
    PLACE.mkdir(exist_ok=True)
    missing = 0
    with stack() as (url, password), launched() as browser:
        api = ApiClient(url)
        api.login("alice", password)
        chosen = [one for one in pages.list_pages(api) if not names or one.name in names]
        for theme in ("light", "dark"):
            for viewport in (DESK, PHONE):
                look = {
                    "color_scheme": theme,
                    "viewport": viewport,
                    "reduced_motion": "reduce",
                    "locale": LOCALE,
                }
                inside = Visitor(browser, url, **look).sign_in("alice", password)
                outside = Visitor(browser, url, **look)
                for room in chosen:
                    visitor = inside if room.signed_in else outside
                    name = f"{room.name}-{viewport['width']}-{theme}.png"
                    missing += not take_screenshot(visitor, room, PLACE / name)
                inside.close()
                outside.close()
            for cols in shells.COLUMNS:
                shells.shoot(browser, api, PLACE, cols, theme, names)
    return 1 if missing else 0


def take_screenshot(
    visitor: Visitor, room: pages.PageSpec, place: Path, *, is_whole: bool = True
) -> bool:
    """Take one of the whole page, or of its first screen. Returns whether it shows the page."""
    page = visitor.open(room.path)
    try:
        page.locator(room.ready).first.wait_for()
        pages.settle(page)
        if room.before:
            room.before(page)
        if room.is_over:
            page.get_by_role("dialog").or_(page.get_by_role("menu")).first.wait_for()
    except (Error, AssertionError) as problem:
        sys.stderr.write(f"{place.name}: {str(problem).splitlines()[0]}\n")
        page.screenshot(path=place)
        return False
    # A view that fills the window has scrolled the header away: below it, nothing follows.
    has_scrolled = page.evaluate("scrollY > 0")
    whole = is_whole and not room.is_over and not has_scrolled
    page.screenshot(path=place, full_page=whole)
    for fault in visitor.errors:
        sys.stderr.write(f"{place.name}: {fault}\n")
    visitor.errors.clear()
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
