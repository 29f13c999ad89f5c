"""The shell in which a new user starts the server, and what it prints."""

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ptys import Pty

STARTED = "Next:"
PROMPT = "prompt> "
START_SECONDS = 600.0  # the console may have to be built first
STOP_SECONDS = 120.0


@dataclass(frozen=True)
class StartLine:
    """A line to type, where, and as whom; `user` is None for the tests' own. The server accepts
    repositories in `sources`.
    """

    line: str
    directory: Path
    sources: Path
    env: Mapping[str, str]
    user: pwd.struct_passwd | None = None

    @property
    def argv(self) -> list[str]:
        """The command of a shell there."""
        shell = ["env", f"--chdir={self.directory}", "bash", "--norc", "--noprofile"]
        if self.user is None or self.user.pw_uid == os.geteuid():
            return shell
        ids = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, "--", *shell]

    def own(self, *paths: Path) -> None:
        """Give the user these trees."""
        if self.user is not None:
            for found in (found for path in paths for found in (path, *path.rglob("*"))):
                os.chown(found, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)


class ServerShell:
    """A shell in which the server runs: lines are typed, and what it prints is read."""

    def __init__(self, terminal: Pty) -> None:
        self._terminal = terminal

    def start(self, line: str) -> None:
        """Type the line, and wait until the output names the next step."""
        self._terminal.type(f"{line}\n")
        self._terminal.wait_for(lambda: self._has_started or self._has_ended, line, START_SECONDS)
        assert self._has_started, self.output

    @property
    def _has_started(self) -> bool:
        return STARTED in self.output

    @property
    def _has_ended(self) -> bool:
        """Whether the shell prompts again after the line."""
        return self.output.count(PROMPT.strip()) > 1

    @property
    def output(self) -> str:
        return "\n".join(self._terminal.lines).rstrip()

    def read(self, label: str) -> str:
        """Return what is printed after a label."""
        found = re.search(rf"^\s*{label}\s+(\S+)", self.output, re.MULTILINE)
        assert found, self.output
        return found[1]

    def stop(self) -> None:
        """Press Ctrl-C, and leave the shell once it prompts again."""
        self._terminal.type("\x03")
        self._terminal.type("exit\n")
        ended = self._terminal.process.poll
        self._terminal.wait_for(lambda: ended() is not None, "the shell's end", STOP_SECONDS)


@contextmanager
def open_shell(start: StartLine) -> Iterator[ServerShell]:
    with Pty(start.argv, {**start.env, "PS1": PROMPT}, cols=200, rows=100) as terminal:
        yield ServerShell(terminal)
