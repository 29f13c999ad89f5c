"""What runs in every terminal that is measured."""

import itertools

READY = b"READY"
_LINE = "x" * 79

ECHO = "stty raw -echo; printf READY; exec cat"
"""Gives back each byte."""

FLOOD = (
    "stty -echo; printf READY; "
    f'while read -r size name; do yes {_LINE} | head -c "$size"; printf "FLOOD-%s." "$name"; done'
)
"""Prints lines of so many bytes, and then a mark, for each `flood` that is typed."""

_numbers = itertools.count(1)


def flood(size: int) -> tuple[bytes, bytes]:
    """What to type, and the mark that will end what comes: no two floods have the same."""
    number = next(_numbers)
    return b"%d %d\n" % (size, number), b"FLOOD-%d." % number
