"""`make up`: run `muster-server up` with the console built from source."""

import os
import sys

from app.server_cli import up
from app.server_cli.local.screen import Screen
from demo.console import builder
from demo.console.paths import SOURCE, ConsoleError


def main() -> int:
    """Return the exit code."""
    return up.main(_build_console)


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


if __name__ == "__main__":
    sys.exit(main())
