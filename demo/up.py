"""`make up`: what `muster-server up` runs, with the console as its source is."""

import os
import sys

from app.server_cli import up
from app.server_cli.local.screen import Screen
from demo.console import builder
from demo.console.paths import SOURCE, ConsoleError


def main() -> int:
    """Returns the exit code."""
    return up.main(_build_console)


def _build_console(screen: Screen) -> None:
    """Where that cannot be, whatever was built before is served, or a page that says what to do."""
    if os.environ.get("MUSTER_CONSOLE") or not SOURCE.is_dir():
        return  # it is built elsewhere
    try:
        builder.build(screen.step)
        screen.done()
    except ConsoleError as problem:
        screen.fail(f"The console could not be built, and Muster starts without: {problem}")
        screen.line("  Mend that and run `make built`; nothing else has to be started again.")


if __name__ == "__main__":
    sys.exit(main())
