"""`muster`, or `python -m muster`: the developers' commands and the worker's."""

import os
import sys


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 success, 1 failure, 2 usage error, or another of `cli.errors`."""
    match arguments:
        # These parse their own arguments, and run without the other commands' dependencies.
        case ["worker", *rest]:
            from muster.worker import commands

            return commands.main(rest, _name())
        case ["verify", *rest]:
            from muster import verify

            return verify.main(rest, _name())
        case _:
            from muster.cli import app

            return app.main(arguments, _name())


def script() -> None:
    """Run the `muster` script."""
    sys.exit(main(sys.argv[1:]))


def _name() -> str:
    """Return the program name for usage texts."""
    called = os.path.basename(sys.argv[0])
    return "python -m muster" if called == "__main__.py" else "muster"


if __name__ == "__main__":
    script()
