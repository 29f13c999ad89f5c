"""The list of a hundred thousand tasks: scrolling, memory and search."""

import time

import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from app.models import Task
from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import private_bytes, signed_in
from bench.figures import Figure
from bench.rig import TASKS, Rig

ROWS, SECONDS = 100_000, 5.0
MIN_FRAMES, MAX_DRAWN, MAX_MEGABYTES, MAX_SECONDS = 30.0, 100.0, 200.0, 1.0
NOTCH, PAUSE = 120, 10  # pixels, milliseconds: a wheel turned as fast as possible by hand

# The columns that differ; the others are copied from one task.
_OWN = {
    "description": "'Task ' || n || ' of many'",
    "status": "'completed'",
    "finished_at": "now()",
    "created_at": "created_at - n * interval '1 minute'",
}
_COUNT = """() => {
  window.frames_seen = 0
  const count = () => { window.frames_seen += 1; requestAnimationFrame(count) }
  requestAnimationFrame(count)
}"""


def measure(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    say(f"writing {ROWS:,} tasks")
    _write(rig)
    with signed_in(browser, rig, password) as context:
        page = context.new_page()
        page.goto("/tasks")
        page.get_by_role("link", name="of many").first.wait_for()
        frames = _frames(page)
        drawn = float(page.locator("tbody tr").count())
        megabytes = private_bytes(browser) / 1_000_000
        jumped = _seconds_to_the_end(page)
        found = _seconds_of_a_search(page)
    say(
        f"{frames:.0f} frames/s, {drawn:.0f} rows drawn, {megabytes:.0f} MB,"
        f" end {jumped:.2f} s, search {found:.2f} s"
    )
    return [
        thresholds.min_figure(f"a wheel over {ROWS:,} tasks", frames, "frames/s", MIN_FRAMES),
        thresholds.max_figure("rows drawn of them", drawn, "", MAX_DRAWN),
        thresholds.max_figure("the tab then, private", megabytes, "MB", MAX_MEGABYTES),
        thresholds.max_figure("End, until more is read", jumped, "s", MAX_SECONDS),
        thresholds.max_figure("one of them by what it is about", found, "s", MAX_SECONDS),
    ]


def _frames(page: Page) -> float:
    """Return the frames per second during wheel events over the list."""
    page.mouse.move(600, 600)
    page.evaluate(_COUNT)
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        page.mouse.wheel(0, NOTCH)
        page.wait_for_timeout(PAUSE)
    past = time.perf_counter() - begun
    return float(page.evaluate("window.frames_seen")) / past


def _seconds_to_the_end(page: Page) -> float:
    """Return the seconds until rows are loaded after the former last one."""
    before = page.evaluate("document.documentElement.scrollHeight")
    begun = time.perf_counter()
    page.keyboard.press("End")
    page.wait_for_function("(before) => document.documentElement.scrollHeight > before", arg=before)
    return time.perf_counter() - begun


def _seconds_of_a_search(page: Page) -> float:
    """Return the seconds from the last key until the one row is shown."""
    page.keyboard.press("Home")
    page.get_by_role("searchbox").fill(f"Task {ROWS // 2} of")
    begun = time.perf_counter()
    page.get_by_role("link", name=f"Task {ROWS // 2} of many").wait_for()
    return time.perf_counter() - begun


def _write(rig: Rig) -> None:
    rig.add_project("MANY", "claude", "true")
    one = int(rig.session.post(TASKS, {"projectKey": "MANY", "description": "One"})["id"])
    names = [column.name for column in Task.__table__.columns if column.computed is None]
    names.remove("id")
    values = ", ".join(_OWN.get(name, name) for name in names)
    engine = sa.create_engine(rig.stack.env["DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                f"INSERT INTO tasks ({', '.join(names)}) SELECT {values} FROM tasks,"
                " generate_series(1, :rows) AS n WHERE tasks.id = :one ORDER BY n DESC"
            ),
            {"rows": ROWS, "one": one},
        )
        connection.execute(sa.text("ANALYZE tasks"))
