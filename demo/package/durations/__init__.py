"""Durations as people write them."""

import re

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

_PART = re.compile(r"\s*(\d+)\s*([dhms])\s*")


def parse(text: str) -> int:
    """The seconds in a duration such as `1h 30m`. Raises ValueError for anything else."""
    total = position = 0
    while part := _PART.match(text, position):
        count, unit = part.groups()
        total = int(count) * SECONDS[unit]
        position = part.end()
    if position == 0 or position < len(text):
        raise ValueError(f"not a duration: {text!r}")
    return total


def spell(seconds: int) -> str:
    """The shortest way to write so many seconds: 5400 is `1h 30m`."""
    parts = []
    for unit, size in SECONDS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
