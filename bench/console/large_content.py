"""Large content: a log of ten million lines, and a diff of ten thousand."""

import time
import zlib

import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from app.services.changes import patch_sections
from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import signed_in
from bench.figures import Figure
from bench.rig import TASKS, Rig

LINES, LINE_BYTES, CHUNK_LINES = 10_000_000, 32, 8_000
DIFF_LINES = 10_000
MIN_FRAMES, MAX_SECONDS = 30.0, 1.0

_ENDED = """
    INSERT INTO attempts (task_id, number, round, machine_id, phase, stage_index, has_slot,
                          uncounted, outcome, assigned_at, ended_at, forgotten_at, log_bytes,
                          log_lines, log_gaps)
    VALUES (:task, 1, 1, (SELECT id FROM machines LIMIT 1), 'publish', 0, false, false, 'published',
            now(), now(), now(), :bytes, :lines, '[]')
"""
_DONE = """
    UPDATE tasks SET status = 'completed', attempt = 1, round = 1, finished_at = now(),
                     has_contents = true, events = events + :told WHERE id = :task
"""
# Each line contains its number, so that a chunk's text derives from its offset.
_CHUNKS = """
    INSERT INTO log_chunks (task_id, attempt, byte_offset, size, first_line, lines, marks, data)
    SELECT :task, 1, n::bigint * :size, :size, n * :each, :each, '[[0, 0, 0]]',
           (SELECT string_agg(
                convert_to(rpad('line ' || n * :each + m + 1, :width - 1, '.') || E'\\n', 'UTF8'),
                '' ORDER BY m) FROM generate_series(0, :each - 1) AS m)
    FROM generate_series(0, :count - 1) AS n
"""
_CHANGE = """
    INSERT INTO changes (task_id, attempt, round, stage_index, partial, since, base, "commit",
                         is_complete, total, files_changed, insertions, deletions, patch_bytes,
                         left_out, created_at)
    VALUES (:task, 1, 1, 0, false, 'base', repeat('a', 40), repeat('b', 40), true, 1, 1, :half,
            :half, :bytes, '', now())
"""
_FILE = """
    INSERT INTO changed_files (change_id, position, path, old_path, status, mode, old_mode, blob,
                               old_blob, insertions, deletions, "binary", generated, patch)
    SELECT id, 0, 'src/shop/large.py', '', 'modified', '100644', '100644', repeat('c', 40),
           repeat('d', 40), :half, :half, false, false, repeat('e', 40)
    FROM changes WHERE task_id = :task
"""
_CONTENT = """
    INSERT INTO contents (task_id, id, size, packed, is_complete, data, hunks)
    VALUES (:task, repeat('e', 40), :bytes, :packed, true, :data, :hunks)
"""
# A machine's report: the console requests a diff only after it.
_UPDATED = """
    INSERT INTO task_events (task_id, number, type, attempt, stage_index, message, data, created_at,
                             project_id)
    SELECT id, events, 'checkpoint', 1, 0, '', jsonb_build_object('commit', repeat('b', 40),
           'diff', jsonb_build_object('files', 1)), now(), project_id
    FROM tasks WHERE id = :task
"""
# Frames per second during wheel events, for a number of seconds.
_ROLL = """(seconds) => new Promise((resolve) => {
  const box = document.querySelector('section[aria-label="Lines of the log"]')
  let frames = 0
  const begun = performance.now()
  const roll = () => {
    frames += 1
    box.scrollTop += 120
    const past = (performance.now() - begun) / 1000
    past < seconds ? requestAnimationFrame(roll) : resolve(frames / past)
  }
  requestAnimationFrame(roll)
})"""


def log(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    say(f"writing a log of {LINES:,} lines")
    task = _task_with_log(rig)
    with signed_in(browser, rig, password) as context:
        page = context.new_page()
        opened = _seconds_until_line(page, task, 1)
        jumped = _seconds_until_line(page, task, LINES // 2)
        frames = float(page.evaluate(_ROLL, 5))
        ends = _seconds_until_line(page, task, LINES)
    say(f"log: {opened:.2f} s, middle {jumped:.2f} s, end {ends:.2f} s, {frames:.0f} frames/s")
    return [
        thresholds.max_figure(
            f"line {LINES // 2:,} of a log, from its address", jumped, "s", MAX_SECONDS
        ),
        thresholds.max_figure("its last line", ends, "s", MAX_SECONDS),
        thresholds.min_figure("scrolling there", frames, "frames/s", MIN_FRAMES),
    ]


def diff(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    task = _task_with_diff(rig)
    with signed_in(browser, rig, password) as context:
        page = context.new_page()
        page.goto(f"/tasks/{task}?view=events")
        page.get_by_role("tab", name="Diff").wait_for()
        page.wait_for_timeout(2000)
        begun = time.perf_counter()
        page.get_by_role("tab", name="Diff").click()
        page.get_by_text("total_1 = price[1]").first.wait_for()
        seconds = time.perf_counter() - begun
    say(f"diff of {DIFF_LINES:,} lines: {seconds:.2f} s")
    return [
        thresholds.max_figure(f"a diff of {DIFF_LINES:,} lines opens", seconds, "s", MAX_SECONDS)
    ]


def _seconds_until_line(page: Page, task: int, line: int) -> float:
    """Return the seconds until that line is readable, in a freshly loaded page."""
    page.goto("about:blank")
    page.goto(f"/tasks/{task}?view=usage")
    page.get_by_role("tab", name="Log").wait_for()
    page.wait_for_timeout(1500)
    begun = time.perf_counter()
    page.evaluate(
        "([where]) => { history.pushState(null, '', where) }", [f"/tasks/{task}?view=log#L{line}"]
    )
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    page.get_by_text(f"line {line}.").first.wait_for()
    return time.perf_counter() - begun


def _task_with_log(rig: Rig) -> int:
    task = _task(rig, "LONG")
    count = LINES // CHUNK_LINES
    size = CHUNK_LINES * LINE_BYTES
    with _engine(rig).begin() as connection:
        given = {"task": task, "bytes": count * size, "lines": LINES}
        connection.execute(sa.text(_ENDED), given)
        connection.execute(sa.text(_DONE), {"task": task, "told": 0})
        more = {"count": count, "size": size, "each": CHUNK_LINES, "width": LINE_BYTES}
        connection.execute(sa.text(_CHUNKS), {"task": task, **more})
    return task


def _task_with_diff(rig: Rig) -> int:
    task, half = _task(rig, "WIDE"), DIFF_LINES // 2
    section = _section(half)
    packed = zlib.compress(section)
    with _engine(rig).begin() as connection:
        connection.execute(sa.text(_ENDED), {"task": task, "bytes": 0, "lines": 0})
        connection.execute(sa.text(_DONE), {"task": task, "told": 1})
        given = {"task": task, "half": half, "bytes": len(section), "packed": len(packed)}
        connection.execute(sa.text(_CHANGE), given)
        connection.execute(sa.text(_FILE), given)
        connection.execute(sa.text(_UPDATED), {"task": task})
        shown = {"data": packed, "hunks": patch_sections.encode_section(section)}
        connection.execute(sa.text(_CONTENT), {**given, **shown})
    return task


def _section(half: int) -> bytes:
    head = "diff --git a/src/shop/large.py b/src/shop/large.py\nindex 1..2 100644\n"
    names = "--- a/src/shop/large.py\n+++ b/src/shop/large.py\n"
    gone = "".join(f"-    total_{line} = price[{line}]\n" for line in range(half))
    new = "".join(f"+    total_{line} = prices[{line}]\n" for line in range(half))
    return f"{head}{names}@@ -1,{half} +1,{half} @@\n{gone}{new}".encode()


def _task(rig: Rig, key: str) -> int:
    """Create a task that stays queued: no machine has its project's agent."""
    rig.add_project(key, "claude", "true")
    return int(rig.session.post(TASKS, {"projectKey": key, "description": key})["id"])


def _engine(rig: Rig) -> sa.Engine:
    return sa.create_engine(rig.stack.env["DATABASE_URL"])
