"""`make pictures`: README's pictures in docs/images, of the full world.

With MUSTER_URL of a stack that has it (`python -m tests.e2e.world`) of that one; else one is
started. Look at them before you commit them.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from app.server_cli.local.api import ApiClient
from tests.e2e import pages, shells
from tests.e2e.screenshots import stack, take_screenshot
from tests.e2e.visitor import Visitor, launched

PLACE = Path(__file__).parents[2] / "docs" / "images"
# By file name, the page: its first screen of 1440 by 900 pixels, drawn smaller.
PICTURES = {
    "inbox": "inbox",
    "tasks": "tasks",
    "transcript": "task-transcript",
    "terminal": "task-terminal",
    "diff": "task-diff",
    "machines": "machines",
}
SCALE = 0.75
SHELL, COLUMNS = "muster-lists", 100


def main() -> int:
    """Return the exit code: 1 if a picture is missing."""
    with stack() as (url, password), launched() as browser:
        api = ApiClient(url)
        api.login("alice", password)
        missing = _take_pages(browser, api, password)
        _take_shell(browser, api)
    return 1 if missing else 0


def _take_pages(browser: Browser, api: ApiClient, password: str) -> list[str]:
    """Return the names of those that failed."""
    specs = {each.name: each for each in pages.list_pages(api)}
    looks = {"color_scheme": "light", "reduced_motion": "reduce", "device_scale_factor": SCALE}
    visitor = Visitor(browser, api.url, **looks).sign_in("alice", password)
    failed = [
        name
        for name, page in PICTURES.items()
        if not take_screenshot(visitor, specs[page], PLACE / f"{name}.png", is_whole=False)
    ]
    visitor.close()
    return failed


def _take_shell(browser: Browser, api: ApiClient) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        shells.shoot(browser, api, Path(scratch), COLUMNS, "light", [SHELL])
        [picture] = Path(scratch).iterdir()
        (PLACE / "shell.png").write_bytes(picture.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
