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

PACE = (
    "stty -echo; printf READY; "
    'while read -r size seconds name; do if [ "$size" = 0 ]; '
    f'then timeout --foreground "$seconds" yes {_LINE}; else yes {_LINE} | head -c "$size"; fi; '
    'printf "FLOOD-%s." "$name"; done'
)
"""The same, or lines for so many seconds, for each `piece` or `flood_for` that is typed."""

_numbers = itertools.count(1)


def flood(size: int) -> tuple[bytes, bytes]:
    """What to type, and the mark that will end what comes: no two floods have the same."""
    number = next(_numbers)
    return b"%d %d\n" % (size, number), b"FLOOD-%d." % number


def chunk(size: int) -> tuple[bytes, bytes]:
    """Likewise."""
    number = next(_numbers)
    return b"%d 0 %d\n" % (size, number), b"FLOOD-%d." % number


def flood_for(seconds: float) -> tuple[bytes, bytes]:
    """Likewise, as much as is taken in that time."""
    number = next(_numbers)
    return b"0 %.1f %d\n" % (seconds, number), b"FLOOD-%d." % number
