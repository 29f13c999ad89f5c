"""What a browser with an empty cache loads before one can sign in or answer."""

import pytest

from bench.console.first_page import MAX_SCRIPT_KIB
from bench.console.tabs import Wire, quiet
from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize(("name", "path"), [(None, "/login"), ("alice", "/")])
def test_login_and_inbox_load_little_javascript(
    world: World, open_browser: OpenBrowser, name: str | None, path: str, locale: str
) -> None:
    page = open_browser(world, name, locale=locale).page
    wire = Wire(page)
    page.goto(path)
    page.locator("h1").wait_for()
    quiet(page)
    assert sum(wire.scripts.values()) / 1024 < MAX_SCRIPT_KIB
