"""A Muster, a browser, and xterm.js; skipped where one of the latter is not to be had."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import Chromium, until
from tests.browser.terminals import SHELL, Shell, Terminal
from tests.flows.running import Running

HERE = Path(__file__).parent
XTERM = HERE / "node_modules" / "@xterm" / "xterm"
# Set where the tests must run: what is missing is a failure then.
REQUIRED = "MUSTER_BROWSER_TESTS"


def _missing(what: str) -> None:
    reason = f"{what}; `make browser` brings it"
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    command = chromium.find()
    if command is None:
        _missing("there is no Chromium")
    if not XTERM.exists():
        _missing("there is no xterm.js")
    assert command is not None
    with (
        tempfile.TemporaryDirectory(prefix="muster-browser-", ignore_cleanup_errors=True) as home,
        Chromium(command, Path(home)) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def muster(browser: Chromium) -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="muster-browser-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repository
    running = Running(home, {})
    with running.stack:
        running.furnish()
        yield running
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def project(muster: Running) -> str:
    return muster.project("SHELL", {"name": "shell", "kind": "shell", "command": SHELL})


@pytest.fixture
def shell(muster: Running, project: str) -> Iterator[Shell]:
    """A task that runs an interactive shell."""
    task = muster.task(project)
    task.until("running")
    yield Shell(muster, task.id)
    task.act("cancel")
    until(lambda: task.now()["status"] == "cancelled", "end of the task")


@pytest.fixture
def look(browser: Chromium, shell: Shell) -> Iterator[Callable[..., Terminal]]:
    """Opens a page on the shell's terminal."""
    opened: list[Terminal] = []

    def open_one(mode: str = "control") -> Terminal:
        opened.append(Terminal(browser, shell, mode, HERE, XTERM))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.page.close()


@pytest.fixture
def terminal(look: Callable[..., Terminal]) -> Terminal:
    """A page that controls."""
    return look()
