"""A file's hunks where nothing counts but what is more than white space."""

from typing import Any, NamedTuple

from app.domain import patch
from app.domain.patch import Hunk, LineType
from app.services.changes.sections import MOST_LINES

LARGEST_FILE = 4 << 20
"""Bytes of either version: of a larger one it would take long."""


class Rest(NamedTuple):
    """What remains of a file's change."""

    insertions: int
    deletions: int
    hunks: list[Hunk]


def ignored(old: bytes, new: bytes) -> Rest | None:
    """What changed from the one to the other but for white space. None where that cannot be said:
    of what is no text, or too large.
    """
    if max(len(old), len(new)) > LARGEST_FILE or b"\0" in old or b"\0" in new:
        return None
    import pygit2  # only here, as in `lines`

    flag = pygit2.enums.DiffOption.IGNORE_WHITESPACE
    # The empty names are what the head of the section would be made of.
    made: Any = pygit2.Patch.create_from(old, new, flag=flag)
    if not made.data:
        return Rest(0, 0, [])
    try:
        hunks = patch.hunks(made.data, MOST_LINES)
    except patch.Unreadable:
        return None
    types = [line.type for hunk in hunks for line in hunk.lines]
    return Rest(types.count(LineType.ADDED), types.count(LineType.DELETED), hunks)
