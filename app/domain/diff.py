"""What a task's changes are called: how they were counted, what became of a file."""

from enum import StrEnum


class Since(StrEnum):
    """What a change is counted from: the task's base, what the stage before left, or what the round
    before came to."""

    BASE = "base"
    STAGE = "stage"
    ROUND = "round"


class FileStatus(StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


LARGEST_CONTENT = 16 << 20
"""Bytes of one content: a file, or its section of a patch."""

MOST_FILES = 10_000
"""Of one change: of so many it is kept what became of them."""

LARGEST_PATCH = 10 << 20
"""Bytes of the sections of one change, together."""

EXPIRED = "expired"
"""In `left_out`: the files were kept for as long as such are, and are gone."""
