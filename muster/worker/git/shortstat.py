"""What `git diff --shortstat` prints, as the size of a change."""

import re

from muster.protocol.frames import DiffStat

SETTINGS = {"core.bigFileThreshold": "8m"}
"""For who asks git for it: of larger files no lines are counted, for each line costs 42 bytes."""

_COUNT = re.compile(r"(\d+) (file|insertion|deletion)")


def parse(printed: str) -> DiffStat:
    """git leaves out what is zero, and prints nothing where nothing changed."""
    counts = {word: int(number) for number, word in _COUNT.findall(printed)}
    return DiffStat(*(counts.get(word, 0) for word in ("file", "insertion", "deletion")))
