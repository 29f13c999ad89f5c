"""A user at a terminal, in whose shell `muster attach` runs."""

import re
import sys

from tests.flows.running_stack import FollowedTask
from tests.ptys import Pty

PROMPT = "out:"
"""The start of a prompt outside; the status of the last command follows."""

ATTACH = f"{sys.executable} -m muster attach"


class Person(Pty):
    """A user's own shell, in which they attach."""

    def __init__(self, env: dict[str, str], cols: int, rows: int) -> None:
        shell = ["bash", "--noprofile", "--norc", "-i"]
        super().__init__(shell, {**env, "PS1": f"{PROMPT}$?> "}, cols, rows)
        self.wait_for_prompt(0)
        self.settings = self.stty

    def attach(self, task: FollowedTask, *options: str) -> None:
        self.type(f"clear; {' '.join([ATTACH, str(task.id), *options])}\n")
        self.wait_for(lambda: any(re.match(r"\d+\$", line) for line in self.lines), "shell inside")
        assert self.settings != self.stty

    def attach_again(self, task: FollowedTask, shown: str) -> None:
        """To a screen that shows this."""
        self.type(f"clear; {ATTACH} {task.id}\n")
        self.wait_until_shown(shown)

    def leave(self) -> None:
        self.type("\r~.")
        self.check_left(0)

    def check_left(self, status: int) -> None:
        """Check that it has exited with that status, and that the terminal is restored."""
        self.wait_for_prompt(status)
        self.check_sane()

    def check_sane(self) -> None:
        assert self.stty == self.settings
        self.type("echo $((40 + 2))\n")
        self.wait_until_shown("42")

    def wait_for_prompt(self, status: int) -> None:
        """Wait until the last command has exited with that status."""
        prompt = f"{PROMPT}{status}>"
        self.wait_for(lambda: (self.last or "").startswith(prompt), prompt)

    @property
    def last(self) -> str | None:
        """The last line that shows something."""
        return next((line for line in reversed(self.lines) if line), None)
