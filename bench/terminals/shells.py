"""The programs in all measured terminals."""

import itertools

READY = b"READY"
_LINE = "x" * 79

ECHO = "stty raw -echo; printf READY; exec cat"
"""Echoes each byte."""

FLOOD = (
    "stty -echo; printf READY; "
    f'while read -r size name; do yes {_LINE} | head -c "$size"; printf "FLOOD-%s." "$name"; done'
)
"""Prints that many bytes of lines, then a mark, for each typed `flood`."""

PACE = (
    "stty -echo; printf READY; "
    'while read -r size seconds name; do if [ "$size" = 0 ]; '
    f'then timeout --foreground "$seconds" yes {_LINE}; else yes {_LINE} | head -c "$size"; fi; '
    'printf "FLOOD-%s." "$name"; done'
)
"""The same, or lines for that many seconds, for each typed `piece` or `flood_for`."""

_numbers = itertools.count(1)


def flood(size: int) -> tuple[bytes, bytes]:
    """Return the text to type, and the unique mark that ends the output."""
    number = next(_numbers)
    return b"%d %d\n" % (size, number), b"FLOOD-%d." % number


def chunk(size: int) -> tuple[bytes, bytes]:
    """Likewise."""
    number = next(_numbers)
    return b"%d 0 %d\n" % (size, number), b"FLOOD-%d." % number


def flood_for(seconds: float) -> tuple[bytes, bytes]:
    """Likewise, as much as the viewer accepts in that time."""
    number = next(_numbers)
    return b"0 %.1f %d\n" % (seconds, number), b"FLOOD-%d." % number
