"""`python -m muster`: the commands of a machine."""

import sys

from muster.worker import commands

_USAGE = """usage: python -m muster worker enroll | run | doctor …

The commands of a machine of Muster's; each explains itself with --help.
"""


def main(arguments: list[str]) -> int:
    """Exit status 0: done; 1: it could not be; 2: asked wrongly."""
    match arguments:
        case ["worker", *rest]:
            return commands.main(rest)
        case ["-h" | "--help"]:
            sys.stdout.write(_USAGE)
            return 0
        case _:
            sys.stderr.write(_USAGE)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
