"""`python -m muster`: the commands of a machine, and what needs neither machine nor server."""

import sys

from muster import verify

_USAGE = """usage: python -m muster worker enroll | run | doctor …
       python -m muster verify FILE [--key KEY.json]

The commands of a machine of Muster's, and the check of a bundle of evidence; each explains itself
with --help.
"""


def main(arguments: list[str]) -> int:
    """Exit status 0: done; 1: it could not be; 2: asked wrongly."""
    match arguments:
        case ["worker", *rest]:
            from muster.worker import commands  # needs more packages than the other

            return commands.main(rest)
        case ["verify", *rest]:
            return verify.main(rest)
        case ["-h" | "--help"]:
            sys.stdout.write(_USAGE)
            return 0
        case _:
            sys.stderr.write(_USAGE)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
