"""Machines are taken out of service and let in, as people do it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World

TIMEOUT_MS = 60_000.0  # milliseconds, for a worker that starts


def test_a_drain_says_what_it_moves_and_is_taken_back(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "mei").open("/machines")
    expect(page.get_by_role("button", name="Add machine")).to_have_count(0)  # admins'
    page.get_by_role("button", name="More for tern").click()
    page.get_by_role("menuitem", name="Drain …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note").fill("a new disk")
    dialog.get_by_label("Deadline").select_option("3600")
    expect(dialog.get_by_text("It has no tasks, so it drains immediately.")).to_be_visible()
    dialog.get_by_role("button", name="Drain tern").click()
    card = page.get_by_role("article", name="tern")
    expect(card.get_by_text("“a new disk”")).to_be_visible()
    # The machine says so itself, and the stream tells of it.
    expect(card.get_by_text("Drained", exact=True)).to_be_visible(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="More for tern").click()
    page.get_by_role("menuitem", name="Undrain").click()
    expect(card.get_by_text("Online", exact=True)).to_be_visible()


def test_a_new_machine_is_followed_from_its_token_to_its_connection(
    world: World, open_browser: OpenBrowser, tmp_path: Path
) -> None:
    page = open_browser(world, "alice").open("/machines")
    page.get_by_role("button", name="Add machine").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create token").click()
    line = dialog.locator("code").first.inner_text()
    token = re.search(r"\bmst_enroll_[0-9a-f]+\b", line)
    assert token is not None, line
    home = {**os.environ, "MUSTER_WORKER_HOME": str(tmp_path)}
    # What else the line does is tests/install's to try.
    enroll = [sys.executable, "-m", "muster", "worker", "enroll", "--server", world.stack.url]
    enroll += ["--token", "-", "--name", "whimbrel"]
    subprocess.run(enroll, input=token[0], text=True, env=home, check=True, capture_output=True)
    steps = dialog.get_by_role("listitem")
    expect(steps.nth(0)).to_contain_text("whimbrel", timeout=TIMEOUT_MS)
    worker = [sys.executable, "-m", "muster", "worker", "run"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(worker, env=home, stderr=log) as ran:
        expect(steps.nth(1).get_by_role("time")).to_be_visible(timeout=TIMEOUT_MS)
        ran.terminate()
    [machine] = [
        each for each in world.admin.get("/api/web/machines")["items"] if each["name"] == "whimbrel"
    ]
    # As nothing runs there any more, the world is as it was.
    world.admin.put(f"/api/admin/machines/{machine['id']}", {"status": "decommissioned"})
    expect(page.get_by_role("article", name="whimbrel")).to_have_count(0, timeout=TIMEOUT_MS)
