"""Parse the output of `git diff --shortstat` as the size of a change."""

import re

from muster.protocol.frames import DiffStat

SETTINGS = {"core.bigFileThreshold": "8m"}
"""git settings for callers: don't count the lines of larger files, because each costs 42 bytes."""

_COUNT = re.compile(r"(\d+) (file|insertion|deletion)")


def parse(printed: str) -> DiffStat:
    """git omits zeros, and prints nothing without changes."""
    counts = {word: int(number) for number, word in _COUNT.findall(printed)}
    return DiffStat(*(counts.get(word, 0) for word in ("file", "insertion", "deletion")))
