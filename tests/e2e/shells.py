"""What `muster` prints, as a terminal of some width shows it, as pictures."""

import io
import os
import shlex
import sys
from collections.abc import Collection
from pathlib import Path

from playwright.sync_api import Browser
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI
from rich.text import Text

from app.server_cli.local.api import ApiClient
from tests.ptys import Pty

ROOT = Path(__file__).parents[2]
THEMES = {"light": DEFAULT_TERMINAL_THEME, "dark": MONOKAI}
COLUMNS = (80, 120)
PIXELS_A_COLUMN = 12.4  # as rich draws them
# Each is one picture, of these commands.
SCREENS = {
    "muster-lists": ("task list -n 12", "inbox", "machine list"),
    "muster-task": ("task show {asks}", "task why {waits}", "task events {asks}"),
    "muster-others": ("status", "project list", "usage", "notifications list"),
}


def shoot(
    browser: Browser, api: ApiClient, place: Path, cols: int, theme: str, names: Collection[str]
) -> None:
    """A PNG into `place` of each of SCREENS, or of those of these names."""
    for name, commands in SCREENS.items():
        if names and name not in names:
            continue
        drawn = Console(record=True, width=cols, file=io.StringIO())
        for line in commands:
            command = line.format(**_numbers(api))
            drawn.print(Text(f"$ muster {command}", style="bold"))
            drawn.print(Text.from_ansi(printed(api, command, cols)))
        svg = drawn.export_svg(title="muster", theme=THEMES[theme])
        page = browser.new_page()
        page.set_content(f'<body style="margin: 0; width: {cols * PIXELS_A_COLUMN}px">{svg}')
        picture = page.locator("svg").first
        picture.screenshot(path=place / f"{name}-{cols}-{theme}.png", omit_background=True)
        page.close()


def _numbers(api: ApiClient) -> dict[str, int]:
    """Of tasks that have something to show."""
    tasks = api.get("/api/web/tasks", limit=100)["items"]
    return {
        "asks": next(task["id"] for task in tasks if task["question"]),
        "waits": next(task["id"] for task in tasks if task["status"] == "queued"),
    }


def printed(api: ApiClient, line: str, cols: int) -> str:
    """All that a command writes on a terminal."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MUSTER_SERVER": api.url,
        "MUSTER_TOKEN": api.token,
        "COLORTERM": "truecolor",
    }
    argv = [sys.executable, "-m", "muster", *shlex.split(line)]
    with Pty(argv, env, cols=cols) as terminal:
        terminal.wait_until_ended()
        return terminal.data.decode().replace("\r\n", "\n")
