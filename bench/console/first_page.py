"""The first page: how much JavaScript it loads, and when it's usable."""

import json
from collections.abc import Sequence

from playwright.sync_api import Browser

from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import Wire, quiet, signed_in
from bench.figures import Blocks, Figure, Ratio, flat
from bench.rig import Rig

ROUNDS = 12
MAX_SCRIPT_KIB = 180.0  # KiB
MAX_SLOWDOWN = 1.5

# Loads and compiles the same scripts, and runs those that draw nothing by themselves: the minimum
# cost of a page of these bytes. Then draws a heading.
_BARE = """<!doctype html><title>bare</title><div id="place"></div><script type="module">
const compiled = FILES.map((href) => new Promise((resolve) => {
  const link = Object.assign(document.createElement('link'), { rel: 'modulepreload', href })
  link.onload = resolve
  document.head.append(link)
}))
const libraries = FILES.filter((one) => one.includes('/libraries-'))
await Promise.all([...compiled, ...libraries.map((one) => import(one))])
place.innerHTML = '<h1>bare</h1>'
</script>"""
# In the page, resolves once its heading is drawn.
_DRAWN = """() => new Promise((resolve) => {
  const look = () => document.querySelector('h1')
    ? requestAnimationFrame(() => resolve(performance.now())) : setTimeout(look, 2)
  look()
})"""


def measure(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    scripts = _scripts(rig, browser, password)
    sent = sum(scripts.values()) / 1024
    say(f"first page: {sent:.0f} KiB of JavaScript in {len(scripts)} files")
    heavy = [
        url for url in scripts if any(name in url.lower() for name in ("xterm", "glass", "diff"))
    ]
    ours, bare = _alternate(rig, browser, password, list(scripts))
    say(f"first page: {1000 * _middle(ours):.0f} ms, bare {1000 * _middle(bare):.0f} ms")
    return [
        thresholds.max_figure("JavaScript of the first page, as sent", sent, "KiB", MAX_SCRIPT_KIB),
        thresholds.max_figure(
            "of these, files of terminal and diff", 1.0 + len(heavy), "and one", 1.0
        ),
        Figure(
            "first page, usable",
            _middle(ours) * 1000,
            "ms",
            None,
            "a bare page of these scripts",
            _middle(bare) * 1000,
            Ratio.from_blocks(ours, bare),
            max_ratio=MAX_SLOWDOWN,
        ),
    ]


def _scripts(rig: Rig, browser: Browser, password: str) -> dict[str, int]:
    with signed_in(browser, rig, password) as context:
        page = context.new_page()
        wire = Wire(page)
        page.goto("/")
        page.wait_for_selector("h1")
        quiet(page)
        return dict(wire.scripts)


def _alternate(
    rig: Rig, browser: Browser, password: str, files: Sequence[str]
) -> tuple[list[list[float]], list[list[float]]]:
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    html = _BARE.replace("FILES", json.dumps(list(files)))
    for number in range(ROUNDS):
        with signed_in(browser, rig, password) as context:
            context.route(
                "**/bare.html",
                lambda route: route.fulfill(body=html, content_type="text/html"),
            )
            # The first page opens the connections and starts the renderer.
            turns = [(ours, "/"), (bare, "/bare.html")]
            for found, path in turns if number % 2 else reversed(turns):
                page = context.new_page()
                context.clear_cookies(name="none")
                page.context.new_cdp_session(page).send(
                    "Network.setCacheDisabled", {"cacheDisabled": True}
                )
                page.goto(path, wait_until="commit")
                found.append([page.evaluate(_DRAWN) / 1000])
                page.close()
    return ours, bare


def _middle(blocks: Blocks) -> float:
    samples = sorted(flat(blocks))
    return samples[len(samples) // 2]
