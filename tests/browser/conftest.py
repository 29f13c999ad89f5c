"""A Muster, a browser, xterm.js and asciinema's player; skipped where one of them is missing."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, wait_for
from tests.browser.terminals import SHELL, Player, Shell, Terminal
from tests.flows.running_stack import RunningStack
from tests.needs import declare_needs
from tests.programs import find


@pytest.fixture(scope="session")
@declare_needs("vim")
def vim() -> str:
    """Its command, with no settings and files of its own."""
    return f"{find('vim')} -u NONE -i NONE -n"


@pytest.fixture(scope="session")
@declare_needs("htop")
def htop() -> str:
    return find("htop")


@pytest.fixture(scope="package")
@declare_needs("chromium", "xterm.js", "asciinema-player")
def browser() -> Iterator[Chromium]:
    with (
        tempfile.TemporaryDirectory(prefix="muster-browser-", ignore_cleanup_errors=True) as home,
        Chromium(find("chromium"), Path(home)) as running,
    ):
        yield running


@pytest.fixture(scope="package")
def muster(browser: Chromium) -> Iterator[RunningStack]:
    home = Path(tempfile.mkdtemp(prefix="muster-browser-"))
    home.chmod(0o755)  # attempts have a uid of their own, and must get to the repository
    running = RunningStack(home, {})
    with running.stack:
        running.furnish()
        yield running
    shutil.rmtree(home)


@pytest.fixture(scope="package")
def project(muster: RunningStack) -> str:
    return muster.project("SHELL", {"name": "shell", "kind": "shell", "command": SHELL})


@pytest.fixture
def shell(muster: RunningStack, project: str) -> Iterator[Shell]:
    """A task that runs an interactive shell."""
    task = muster.task(project)
    task.wait_for_status("running")
    yield Shell(muster, task.id)
    task.act("cancel")
    wait_for(lambda: task.now()["status"] == "cancelled", "end of the task")


@pytest.fixture
def open_terminal(browser: Chromium, shell: Shell) -> Iterator[Callable[..., Terminal]]:
    """Opens a page on the shell's terminal."""
    opened: list[Terminal] = []

    def open_one(mode: str = "control") -> Terminal:
        opened.append(Terminal(browser, shell, mode))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.page.close()


@pytest.fixture
def terminal(open_terminal: Callable[..., Terminal]) -> Terminal:
    """A page that controls."""
    return open_terminal()


@pytest.fixture
def play(browser: Chromium, shell: Shell) -> Iterator[Callable[[], Player]]:
    """Opens the shell's recording, as long as it is now."""
    opened: list[Player] = []

    def play_it() -> Player:
        opened.append(Player(browser, shell))
        return opened[-1]

    yield play_it
    for player in opened:
        player.page.close()
