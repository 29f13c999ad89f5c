"""An idle tab: its open connections and received bytes."""

import os

from playwright.sync_api import Browser

from bench.command import Print
from bench.console import thresholds
from bench.console.tabs import Wire, quiet, signed_in
from bench.figures import Figure
from bench.rig import Rig

MINUTES = float(os.environ.get("BENCH_MINUTES", "3"))
MAX_KILOBYTES = 100.0


def measure(rig: Rig, browser: Browser, password: str, say: Print) -> list[Figure]:
    with signed_in(browser, rig, password) as context:
        page = context.new_page()
        wire = Wire(page)
        page.goto("/")
        page.wait_for_selector("h1")
        quiet(page)
        page.wait_for_timeout(5000)
        before = wire.bytes
        page.wait_for_timeout(MINUTES * 60_000)
        hour = (wire.bytes - before) / 1000 * 60 / MINUTES
        streams = list(wire.open.values())
    say(f"idle for {MINUTES:g} min: {hour:.1f} kB an hour, open: {streams}")
    return [
        thresholds.max_figure("connections of an idle tab", float(len(streams)), "", 1.0),
        thresholds.max_figure(
            f"what it receives, over {MINUTES:g} min", hour, "kB/h", MAX_KILOBYTES
        ),
    ]
