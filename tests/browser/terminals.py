"""A page with xterm.js, and the terminal that it shows."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.chromium import Chromium, until
from tests.flows.running import Running

SHELL = (
    r"""printf '%s\n' "PS1='\#$ '" "trap exit TERM" > settings; """
    "exec bash --noprofile --rcfile settings -i"
)
"""Its prompts are numbered, and it ends when it is told to, which others like it do not."""

_PROMPT = re.compile(r"(\d+)\$$")


@dataclass(frozen=True)
class Shell:
    muster: Running
    task_id: int


class Terminal:
    """Looks at the shell's terminal; ready, and showing its screen, when it is there."""

    def __init__(self, browser: Chromium, shell: Shell, mode: str, ours: Path, xterm: Path) -> None:
        base = f"{shell.muster.stack.url}/browser-test"
        self.page = browser.open(
            f"{base}/",
            {
                f"{base}/": ("text/html", (ours / "page.html").read_bytes()),
                f"{base}/page.js": ("text/javascript", (ours / "page.js").read_bytes()),
                f"{base}/xterm.js": ("text/javascript", (xterm / "lib/xterm.js").read_bytes()),
                f"{base}/xterm.css": ("text/css", (xterm / "css/xterm.css").read_bytes()),
            },
        )
        self.page.call("look", shell.task_id, shell.muster.api.token, mode)
        self._prompt = 0
        until(lambda: self.seen["screens"], "screen")

    @property
    def seen(self) -> dict[str, Any]:
        return dict(self.page.evaluate("seen"))

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        return list(self.page.call("lines"))

    @property
    def size(self) -> tuple[int, int]:
        """Columns, rows."""
        cols, rows = self.page.evaluate("[terminal.cols, terminal.rows]")
        return cols, rows

    def run(self, command: str) -> None:
        """Type a command. Returns when the next prompt is there, below what it printed."""
        self.type(command)
        self.until_prompt()

    def type(self, command: str) -> None:
        """The command line, at a prompt."""
        self._prompt = until(self._shown_prompt, "prompt")
        self.page.type(command)
        self.page.press("Enter")

    def until(self, text: str) -> None:
        """Until the screen shows it on a line of its own, or at the beginning of one."""
        try:
            until(lambda: any(line.startswith(text) for line in self.lines), text)
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.lines}") from None

    def until_prompt(self) -> None:
        """Until there is another one than that at which a command was typed."""
        try:
            until(lambda: self._shown_prompt() > self._prompt, "prompt")
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.lines}") from None

    def _shown_prompt(self) -> int:
        """Its number; 0 where the screen does not end with one."""
        last = next((line for line in reversed(self.lines) if line), "")
        found = _PROMPT.search(last)
        return int(found[1]) if found else 0
