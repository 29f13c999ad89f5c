"""Checks and their findings."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS, AdapterRegistry
from muster.worker.sandbox.uids import DEFAULT_UIDS

TIMEOUT_SECONDS = 5.0
"""Seconds to wait for a program or the server."""

Level = Literal["ok", "warn", "fail"]

_INSTALL_COMMANDS = {
    "apt": "apt install",
    "dnf": "dnf install",
    "zypper": "zypper install",
    "pacman": "pacman -S",
    "apk": "apk add",
    "brew": "brew install",
}


class Finding(NamedTuple):
    """The result of a check: `fail` stops work, `warn` makes it less safe or slower.

    `command` fixes it; `advice` describes the fix if no command does, or gives background. Both are
    empty if there is no problem. None of them contains a secret.
    """

    name: str
    level: Level
    text: str
    advice: str = ""
    command: str = ""


@dataclass(frozen=True)
class Machine:
    """The machine to check, for a worker with that home, run by this user, with these agents."""

    home: Path
    uids: range = DEFAULT_UIDS
    adapters: AdapterRegistry = BUILTIN_ADAPTERS
    bwrap: Path | None = None
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    proc: Path = Path("/proc")
    cgroups: Path = Path("/sys/fs/cgroup")

    def as_root(self, command: str) -> str:
        """Return a command that only root can run."""
        return command if self.is_root else f"sudo {command}"

    def missing_package(self, name: str, level: Level, text: str, package: str) -> Finding:
        """Return the finding for a missing system package."""
        for manager, install in _INSTALL_COMMANDS.items():
            if shutil.which(manager):
                whole = f"{install} {package}"
                command = whole if manager == "brew" else self.as_root(whole)
                return Finding(name, level, text, command=command)
        return Finding(name, level, text, f"install {package}")


Check = Callable[[Machine], Iterable[Finding]]


def run_each(checks: Iterable[tuple[str, Check]], machine: Machine) -> Iterator[Finding]:
    """Yield the findings of the checks. A check that raises also yields a finding."""
    for name, check in checks:
        try:
            yield from check(machine)
        except Exception as error:
            text = f"can't be checked ({type(error).__name__}: {error})"
            yield Finding(name, "warn", text, "fix the problems above, then check again")


class CommandResult(NamedTuple):
    """A program's output. `ok`: it exited with 0, in time."""

    ok: bool
    text: str


def run_command(argv: Sequence[str]) -> CommandResult:
    """Run a program for at most TIMEOUT_SECONDS. The text is its output, including errors."""
    try:
        done = subprocess.run(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return CommandResult(False, f"{argv[0]} isn't responding")
    except OSError as error:
        return CommandResult(False, f"{argv[0]}: {error.strerror}")
    return CommandResult(done.returncode == 0, done.stdout.decode(errors="replace").strip())
