"""The usage files of agents, one format per file (`usage_file.UsageFormat`)."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator


def list_newest_first(place: str) -> Iterator[str]:
    """Return all paths in a directory, the newest names first; empty if it doesn't exist."""
    try:
        names = sorted(os.listdir(place), reverse=True)
    except OSError:
        return
    for name in names:
        yield f"{place}/{name}"
