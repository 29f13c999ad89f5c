"""What a task's changes are called: how they were counted, what became of a file."""

from enum import StrEnum

from app.domain.errors import Conflict, NotFound


class DiffBase(StrEnum):
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


MAX_CONTENT_BYTES = 16 << 20
"""Bytes of one content: a file, or its section of a patch."""

MAX_FILES = 10_000
"""Of one change: of so many it is kept what became of them."""

MAX_PATCH_BYTES = 10 << 20
"""Bytes of the sections of one change, together."""

EXPIRED = "expired"
"""In `left_out`: the files were kept for as long as such are, and are gone."""


class NoDiff(NotFound):
    """Nothing is known of what the task has changed there."""

    code = "no_diff"


class NoFile(NotFound):
    """No file of that name was changed at that commit."""

    code = "no_file"


class FileLeftOut(NotFound):
    """The file is too large to be kept, or is no text and no image."""

    code = "file_left_out"


class PatchLeftOut(Conflict):
    """The patch is too large to be kept; the files' numbers are there."""

    code = "patch_left_out"
