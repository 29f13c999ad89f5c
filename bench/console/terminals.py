"""The terminal: the delay from a key to its glyph, and a flood."""

import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import private_bytes, signed_in
from bench.errors import NotMeasured
from bench.figures import Difference, Figure, Ratio, flat, percentile
from bench.rig import TASKS, Rig

ROOT = Path(__file__).parents[2]
ROUNDS, KEYS = 5, 20
MAX_MS, MAX_SLOWDOWN = 17.0, 1.2
MIN_FRAMES, MAX_MEGABYTES = 30.0, 200.0
FLOOD_MB, FLOOD_SECONDS = 20, 30

ECHO = "stty raw -echo; printf READY; exec cat"
FLOOD = (
    "stty -echo; printf READY; read -r go; exec python3 -c '"
    "import os,time\n"
    f'line = b"x" * 79 + b"\\n"; piece = line * {FLOOD_MB * 1_000_000 // 80 // 50}\n'
    "begun = time.monotonic()\n"
    f"for n in range({FLOOD_SECONDS * 50}):\n"
    "    at = 0\n"
    "    while at < len(piece): at += os.write(1, piece[at:])\n"
    "    time.sleep(max(0, begun + (n + 1) / 50 - time.monotonic()))'"
)

# The times of a key, of its echo on the socket, and of its drawn glyph.
_WATCH = """(() => {
  const seen = window.glyphs = { pressed: 0, sent: 0, came: 0, times: [] }
  const send = WebSocket.prototype.send
  WebSocket.prototype.send = function (data) {
    if (typeof data !== 'string') seen.sent = performance.now()
    return send.call(this, data)
  }
  const Native = WebSocket
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given)
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string' && seen.pressed) seen.came ||= performance.now()
      })
    }
  }
  addEventListener('keydown', () => {
    Object.assign(seen, { pressed: performance.now(), came: 0 })
  }, true)
  window.watchGlyphs = () => new MutationObserver(() => {
    if (!seen.pressed || !seen.came) return
    const { pressed, sent, came } = seen
    seen.pressed = 0
    // xterm writes within a frame, which is painted before the next task.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => seen.times.push([performance.now() - pressed, came - sent])
    port2.postMessage(null)
  }).observe(document.querySelector('.xterm-rows'), {
    subtree: true, childList: true, characterData: true,
  })
})()"""
# The page's policy forbids evaluating strings, as Playwright's own wait functions do.
_LANDED = """(count) => new Promise((resolve) => {
  const look = () => glyphs.times.length >= count ? resolve() : setTimeout(look, 5)
  look()
})"""
_BARE = """<!doctype html><title>bare</title><link rel="stylesheet" href="/bare/xterm.css">
<div id="terminal"></div>
<script src="/bare/xterm.js"></script><script src="/bare/page.js"></script>"""
FRAMES = """(seconds) => new Promise((resolve) => {
  let frames = 0
  const begun = performance.now()
  const draw = () => {
    frames += 1
    const past = (performance.now() - begun) / 1000
    past < seconds ? requestAnimationFrame(draw) : resolve(frames / past)
  }
  requestAnimationFrame(draw)
})"""


def keys(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    task = started(rig, "ECHO", ECHO)
    ours: list[list[float]] = []
    echo: list[list[float]] = []
    bare: list[list[float]] = []
    with signed_in(browser, rig, password) as context:
        context.add_init_script(_WATCH)
        _let_bare_in(context)
        console = opened(context.new_page(), task)
        console.evaluate("watchGlyphs()")
        plain = _bare(context.new_page(), rig, task)
        for number in range(ROUNDS):
            console.bring_to_front()
            console.locator(".xterm-helper-textarea").focus()
            glyphs, echoes = _press(console)
            ours.append(glyphs)
            echo.append(echoes)
            plain.bring_to_front()
            plain.locator(".xterm-helper-textarea").focus()
            bare.append(_press(plain)[0])
            say(f"keys, block {number + 1} of {ROUNDS}")
    middle = percentile(flat(ours), 50) * 1000
    return [
        Figure(
            "key → glyph",
            middle,
            "ms",
            percentile(flat(ours), 99) * 1000,
            "the socket's echo",
            percentile(flat(echo), 50) * 1000,
            Difference.from_blocks(ours, echo),
            max_ratio=MAX_MS,
        ),
        Figure(
            "key → glyph",
            middle,
            "ms",
            None,
            "a bare page with xterm",
            percentile(flat(bare), 50) * 1000,
            Ratio.from_blocks(ours, bare),
            max_ratio=MAX_SLOWDOWN,
        ),
    ]


def flood(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    task = started(rig, "FLOOD", FLOOD)
    with signed_in(browser, rig, password) as context:
        page = opened(context.new_page(), task)
        page.locator(".xterm-helper-textarea").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(3000)
        before, begun = _printed(rig, task), time.monotonic()
        frames = float(page.evaluate(FRAMES, 10))
        came = (_printed(rig, task) - before) / (time.monotonic() - begun) / 1e6
        megabytes = private_bytes(browser) / 1e6
        statuses = page.locator("[role=status]").all_inner_texts()
        say(
            f"flood: {frames:.0f} frames/s, {megabytes:.0f} MB, {came:.1f} MB/s in the log; "
            f"{statuses}"
        )
    return [
        thresholds.min_figure(
            f"a flood ({FLOOD_MB} MB/s asked for)", frames, "frames/s", MIN_FRAMES
        ),
        thresholds.max_figure("the tab then, private", megabytes, "MB", MAX_MEGABYTES),
    ]


def started(rig: Rig, key: str, command: str) -> int:
    """Create a task in a new project whose stage runs `command`, and wait for its terminal."""
    rig.add_project(key, "custom", command)
    task = int(rig.session.post(TASKS, {"projectKey": key, "description": key})["id"])
    deadline = time.monotonic() + 90
    while rig.session.get(f"{TASKS}/{task}/logs?limit=1")["total"] == 0:
        if time.monotonic() > deadline:
            raise NotMeasured(f"task {task} prints nothing")
        time.sleep(0.2)
    return task


def opened(page: Page, task: int) -> Page:
    """Open the task's terminal, in control."""
    page.goto(f"/tasks/{task}?view=terminal")
    page.get_by_text("You control").wait_for()
    page.wait_for_timeout(1000)
    return page


def _printed(rig: Rig, task: int) -> int:
    return int(rig.session.get(f"{TASKS}/{task}/logs?limit=1")["total"]) * 81


def _press(page: Page) -> tuple[list[float], list[float]]:
    """Return the seconds from each key to its glyph, and to its echo on the socket."""
    page.evaluate("glyphs.times.length = 0")
    for number in range(KEYS):
        page.keyboard.press("abcdefghij"[number % 10])
        page.evaluate(_LANDED, number + 1)
        page.wait_for_timeout(30)
    times: list[list[float]] = page.evaluate("glyphs.times")
    return [glyph / 1000 for glyph, _ in times], [echo / 1000 for _, echo in times]


def _let_bare_in(context: BrowserContext) -> None:
    xterm = ROOT / "console/node_modules/@xterm/xterm"
    files = {
        "xterm.js": xterm / "lib/xterm.js",
        "xterm.css": xterm / "css/xterm.css",
        "page.js": ROOT / "tests/browser/page.js",
    }
    context.route(
        "**/bare/*", lambda route: route.fulfill(path=files[route.request.url.rsplit("/", 1)[1]])
    )
    context.route("**/bare.html", lambda route: route.fulfill(body=_BARE, content_type="text/html"))


def _bare(page: Page, rig: Rig, task: int) -> Page:
    page.goto("/bare.html")
    given = [task, rig.session.access_token, "control"]
    page.evaluate("([task, token, mode]) => look(task, token, mode)", given)
    page.wait_for_function("seen.ready !== null")
    page.wait_for_timeout(1000)
    page.evaluate("watchGlyphs()")
    return page
