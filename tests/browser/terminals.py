"""A page with xterm.js, and the terminal that it shows; one that plays a recording."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.chromium import Chromium, Page, wait_for
from tests.flows.running_stack import RunningStack

SHELL = (
    r"""printf '%s\n' "PS1='\#$ '" "trap exit TERM" > settings; """
    "exec bash --noprofile --rcfile settings -i"
)
"""Its prompts are numbered, and it ends when it is told to, which others like it do not."""

_HERE = Path(__file__).parent
_XTERM = _HERE / "node_modules" / "@xterm" / "xterm"
_ASCIINEMA = _HERE / "node_modules" / "asciinema-player"

_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_PROMPT = re.compile(r"(\d+)\$$")


@dataclass(frozen=True)
class Shell:
    muster: RunningStack
    task_id: int


class Terminal:
    """Looks at the shell's terminal; ready, and showing its screen, when it is there."""

    def __init__(self, browser: Chromium, shell: Shell, mode: str) -> None:
        scripts = [_HERE / "page.js", _XTERM / "lib/xterm.js", _XTERM / "css/xterm.css"]
        self.page = _open(browser, shell, _HERE / "page.html", *scripts)
        self.page.call("look", shell.task_id, shell.muster.api.token, mode)
        self._prompt = 0
        wait_for(lambda: self.seen["screens"], "screen")

    @property
    def seen(self) -> dict[str, Any]:
        return dict(self.page.evaluate("seen"))

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        return list(self.page.call("lines"))

    @property
    def cells(self) -> list[list[Any]]:
        """By line: each character with its colours, and how it is written."""
        return list(self.page.call("cells"))

    @property
    def size(self) -> tuple[int, int]:
        """Columns, rows."""
        cols, rows = self.page.evaluate("[terminal.cols, terminal.rows]")
        return cols, rows

    def run(self, command: str) -> None:
        """Type a command. Returns when the next prompt is there, below what it printed."""
        self.type(command)
        self.wait_for_prompt()

    def type(self, command: str) -> None:
        """The command line, at a prompt."""
        self._prompt = wait_for(self._shown_prompt, "prompt")
        self.page.type(command)
        self.page.press("Enter")

    def wait_for_line(self, text: str) -> None:
        """Until the screen shows it on a line of its own, or at the beginning of one."""
        try:
            wait_for(lambda: any(line.startswith(text) for line in self.lines), text)
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.lines}") from None

    def wait_for_prompt(self) -> None:
        """Until there is another one than that at which a command was typed."""
        try:
            wait_for(lambda: self._shown_prompt() > self._prompt, "prompt")
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.lines}") from None

    def _shown_prompt(self) -> int:
        """Its number; 0 where the screen does not end with one."""
        last = next((line for line in reversed(self.lines) if line), "")
        found = _PROMPT.search(last)
        return int(found[1]) if found else 0


class Player:
    """asciinema's player at the end of the shell's recording."""

    def __init__(self, browser: Chromium, shell: Shell) -> None:
        bundle = _ASCIINEMA / "dist" / "bundle"
        names = ("asciinema-player.min.js", "asciinema-player.css")
        scripts = [_HERE / "player.js", *(bundle / name for name in names)]
        self.page = _open(browser, shell, _HERE / "player.html", *scripts)
        self.page.call("play", shell.task_id, shell.muster.api.token)

    @property
    def lines(self) -> list[str]:
        """What it shows."""
        return list(self.page.call("lines"))


def _open(browser: Chromium, shell: Shell, page: Path, *scripts: Path) -> Page:
    """A page of the server's own origin; it finds its scripts beside it."""
    base = f"{shell.muster.stack.url}/browser-test"
    files = {f"{base}/": page} | {f"{base}/{script.name}": script for script in scripts}
    pages = {url: (_TYPES[file.suffix], file.read_bytes()) for url, file in files.items()}
    return browser.open(f"{base}/", pages)
