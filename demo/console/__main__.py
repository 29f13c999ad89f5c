"""`python -m demo.console VERB`: the Makefile's tasks for the console.

build   build it if its source has changed
check   check types and run Biome
test    run Vitest
types   generate the API's types from the current OpenAPI document
dev     run Vite with live reload, against the stack on MUSTER_PORT (or MUSTER_URL)
"""

import os
import sys
from collections.abc import Callable

from app.server_cli.local import paths
from app.server_cli.local.command import run_steps
from app.server_cli.local.screen import Screen
from demo.console import api_types, builder, node, packages
from demo.console.node import Node
from demo.console.paths import SOURCE

DEV_PORT = 5173


def _build(screen: Screen) -> None:
    if not builder.build(screen.step):
        screen.step("the console is up to date")
    screen.done()


def _check(screen: Screen) -> None:
    found = _prepare(screen)
    screen.step("types (tsc)")
    known = "node_modules/.cache/tsc.json"
    found.run(
        found.tool("typescript/bin/tsc", "--noEmit", "--incremental", "--tsBuildInfoFile", known),
        "tsc",
    )
    screen.step("format and lint (Biome)")
    found.run(found.tool("@biomejs/biome/bin/biome", "check", "."), "biome")
    screen.done()


def _test(screen: Screen) -> None:
    found = _prepare(screen)
    screen.step("unit tests (Vitest)")
    found.run(found.tool("vitest/vitest.mjs", "run", "--reporter=dot"), "vitest")
    screen.done()


def _types(screen: Screen) -> None:
    _prepare(screen)
    screen.done()


def _dev(screen: Screen) -> None:
    found = _prepare(screen)
    stack = os.environ.get("MUSTER_URL") or f"http://127.0.0.1:{paths.stack_port()}"
    screen.line(f"  Using the stack at {stack}; set MUSTER_PORT or MUSTER_URL to change it.")
    argv = found.tool("vite/bin/vite.js", "--port", str(DEV_PORT))
    os.chdir(SOURCE)
    os.execve(argv[0], argv, {**found.environment(), "MUSTER_URL": stack})


def _prepare(screen: Screen) -> Node:
    """Return a Node, after installing packages and generating types."""
    found = node.find(screen.step)
    packages.install_packages(found, screen.step)
    api_types.make_types(found)
    return found


COMMANDS: dict[str, Callable[[Screen], None]] = {
    "build": _build,
    "check": _check,
    "test": _test,
    "types": _types,
    "dev": _dev,
}

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in COMMANDS and not sys.argv[2:]:
        sys.exit(run_steps(COMMANDS[sys.argv[1]], "interrupted", 130))
    sys.exit(str(__doc__))
