"""`make up`: run `muster-server up` with what it serves built from source."""

import os
import sys

from app.server_cli import up
from app.server_cli.local.screen import Screen
from demo.console import builder
from demo.console.paths import SOURCE, ConsoleError
from packages import build


def main() -> int:
    """Return the exit code."""
    return up.main(_prepare)


def _prepare(screen: Screen) -> None:
    _build_console(screen)
    _pack_for_machines(screen)


def _build_console(screen: Screen) -> None:
    """Build the console. If that fails, the previous build is served, or a page with advice."""
    if os.environ.get("MUSTER_CONSOLE") or not SOURCE.is_dir():
        return  # it is built elsewhere
    try:
        builder.build(screen.step)
        screen.done()
    except ConsoleError as problem:
        screen.fail(f"Can't build the console; starting Muster without it: {problem}")
        screen.line("  Fix this and run `make built`; you don't need to restart anything.")


def _pack_for_machines(screen: Screen) -> None:
    """Build the package that other machines install. Without it, only local machines work."""
    if os.environ.get("MUSTER_INSTALL"):
        return  # it is built elsewhere
    screen.step("packing what machines install")
    try:
        wheel = build.build_wheel(build.CLIENT)
        wheel.parent.chmod(0o755)  # the server runs as another user
        wheel.chmod(0o644)
        screen.done()
    except (build.BuildError, OSError) as problem:
        screen.fail(f"Can't pack it; starting Muster without it: {problem}")
        screen.line("  Fix this and run `make dist`; you don't need to restart anything.")


if __name__ == "__main__":
    sys.exit(main())
