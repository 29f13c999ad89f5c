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
"""Seconds for a program, or for the server, to answer."""

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
    """The result of a check: `fail` is what stops work, `warn` what makes it less safe or slower.

    `command` mends it; `advice` says what does where no command would, or what is to be known of
    it. Both are empty if all is well. None of them contains a secret.
    """

    name: str
    level: Level
    text: str
    advice: str = ""
    command: str = ""


@dataclass(frozen=True)
class Machine:
    """What is looked at: this machine, for a worker with that home, run by this user, that knows
    these agents."""

    home: Path
    uids: range = DEFAULT_UIDS
    adapters: AdapterRegistry = BUILTIN_ADAPTERS
    bwrap: Path | None = None
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    proc: Path = Path("/proc")
    cgroups: Path = Path("/sys/fs/cgroup")

    def as_root(self, command: str) -> str:
        """A command that only root may give."""
        return command if self.is_root else f"sudo {command}"

    def missing_package(self, name: str, level: Level, text: str, package: str) -> Finding:
        """That a package of the system's is not installed."""
        for manager, install in _INSTALL_COMMANDS.items():
            if shutil.which(manager):
                whole = f"{install} {package}"
                command = whole if manager == "brew" else self.as_root(whole)
                return Finding(name, level, text, command=command)
        return Finding(name, level, text, f"install {package}")


Check = Callable[[Machine], Iterable[Finding]]


def run_each(checks: Iterable[tuple[str, Check]], machine: Machine) -> Iterator[Finding]:
    """The findings of the checks. A check that raises gives a finding, too."""
    for name, check in checks:
        try:
            yield from check(machine)
        except Exception as error:
            text = f"could not be looked at ({type(error).__name__}: {error})"
            yield Finding(name, "warn", text, "mend what is wrong above, then look again")


class CommandResult(NamedTuple):
    """What a program said. `ok`: it ended with 0, and in time."""

    ok: bool
    text: str


def run_command(argv: Sequence[str]) -> CommandResult:
    """Runs a program for PATIENCE seconds at most. Its text is what it wrote, errors included."""
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
        return CommandResult(False, f"{argv[0]} does not answer")
    except OSError as error:
        return CommandResult(False, f"{argv[0]}: {error.strerror}")
    return CommandResult(done.returncode == 0, done.stdout.decode(errors="replace").strip())
