"""A file's hunks where nothing counts but what is more than white space."""

from typing import Any

import msgspec

from app.domain import patch
from app.domain.patch import LineType
from app.services.changes import patch_sections

MAX_FILE_BYTES = 4 << 20
"""Bytes of either version: of a larger one it would take long."""


class RemainingChange(msgspec.Struct):
    """What remains of a file's change. `hunks` are as the API says them; null: too long. `is_none`:
    nothing remains.
    """

    insertions: int
    deletions: int
    is_none: bool
    hunks: msgspec.Raw


def diff_ignoring_whitespace(old: bytes, new: bytes) -> RemainingChange | None:
    """What changed from the one to the other but for white space. None where that cannot be said:
    of what is no text, or too large.
    """
    if max(len(old), len(new)) > MAX_FILE_BYTES or b"\0" in old or b"\0" in new:
        return None
    import pygit2  # only here, as in `lines`

    flag = pygit2.enums.DiffOption.IGNORE_WHITESPACE
    # The empty names are what the head of the section would be made of.
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
