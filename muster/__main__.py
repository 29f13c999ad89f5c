"""`muster`, or `python -m muster`: the developers' commands, and what runs on a machine."""

import os
import sys


def main(arguments: list[str]) -> int:
    """The exit status: 0 done; 1 it could not be; 2 asked wrongly; more in `muster.cli.errors`."""
    match arguments:
        # These take all that follows as it is, and run where nothing of the others is installed.
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
    """The script `muster`."""
    sys.exit(main(sys.argv[1:]))


def _name() -> str:
    """What it is called by who has called it."""
    called = os.path.basename(sys.argv[0])
    return "python -m muster" if called == "__main__.py" else "muster"


if __name__ == "__main__":
    script()
