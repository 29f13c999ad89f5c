"""A file's hunks without white space changes."""

from typing import Any

import msgspec

from app.domain import patch
from app.domain.patch import LineType
from app.services.changes import patch_sections

MAX_FILE_BYTES = 4 << 20
"""Maximum bytes of either version: a larger one would take too long."""


class RemainingChange(msgspec.Struct):
    """The rest of a file's change. `hunks` have the API's format; null: too long. `is_none`:
    nothing is left.
    """

    insertions: int
    deletions: int
    is_none: bool
    hunks: msgspec.Raw


def diff_ignoring_whitespace(old: bytes, new: bytes) -> RemainingChange | None:
    """Return the change without white space. None if it isn't text, or too large."""
    if max(len(old), len(new)) > MAX_FILE_BYTES or b"\0" in old or b"\0" in new:
        return None
    import pygit2  # only here, as in `line_diff`

    flag = pygit2.enums.DiffOption.IGNORE_WHITESPACE
    # Otherwise, the names would be in the section's header.
    made: Any = pygit2.Patch.create_from(old, new, flag=flag)
    if not made.data:
        return RemainingChange(0, 0, is_none=True, hunks=msgspec.Raw(b"[]"))
    try:
        hunks = patch.parse_hunks(made.data, patch_sections.MAX_LINES)
    except patch.UnreadablePatch:
        return None
    types = [line.type for hunk in hunks for line in hunk.lines]
    return RemainingChange(
        types.count(LineType.ADDED),
        types.count(LineType.DELETED),
        is_none=not hunks,
        hunks=msgspec.Raw(patch_sections.encode_hunks(hunks) or b"null"),
    )
