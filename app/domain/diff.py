"""Terms of a task's changes: their base, and the status of each file."""

from enum import StrEnum

from app.domain.errors import Conflict, NotFound


class DiffBase(StrEnum):
    """The base of a change: the task's base, the previous stage, or the previous round."""

    BASE = "base"
    STAGE = "stage"
    ROUND = "round"


class FileStatus(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


MAX_CONTENT_BYTES = 16 << 20
"""Maximum bytes of one file, or of its section in a patch."""

MAX_FILES = 10_000
"""Maximum files per change whose status is stored."""

MAX_PATCH_BYTES = 10 << 20
"""Maximum total bytes of a change's sections."""

EXPIRED = "expired"
"""Value of `left_out` after the files' retention period."""


class NoDiff(NotFound):
    """No changes of the task are known there."""

    code = "no_diff"


class NoFile(NotFound):
    """No file of that name was changed at that commit."""

    code = "no_file"


class FileLeftOut(NotFound):
    """The file is too large to store, or is neither text nor an image."""

    code = "file_left_out"


class PatchLeftOut(Conflict):
    """The patch is too large to store. See the changed files' line counts instead."""

    code = "patch_left_out"
