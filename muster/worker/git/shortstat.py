"""What `git diff --shortstat` prints, as the size of a change."""

import re

from muster.protocol.frames import DiffStat

_COUNT = re.compile(r"(\d+) (file|insertion|deletion)")


def parse(printed: str) -> DiffStat:
    """git leaves out what is zero, and prints nothing where nothing changed."""
    counts = {word: int(number) for number, word in _COUNT.findall(printed)}
    return DiffStat(*(counts.get(word, 0) for word in ("file", "insertion", "deletion")))
