"""git's diff of two versions of a file: which lines were replaced."""

from app.domain import anchors
from app.domain.anchors import LineHunk

MAX_BYTES = 512 << 10
"""Maximum bytes in a compared file."""

MAX_LINES = 20_000
"""Maximum lines in a compared file."""


def is_comparable(content: bytes) -> bool:
    """Whether it's text of a comparable size."""
    return len(content) <= MAX_BYTES and content.count(b"\n") <= MAX_LINES and b"\0" not in content


def diff_lines(old: bytes, new: bytes) -> list[LineHunk] | None:
    """Return the hunks from `old` to `new`, in order and without context, whatever the line
    ends; None if they are too large, or have no lines.
    """
    if not all(map(is_comparable, (old, new))):
        return None
    import pygit2  # only here: few processes ever compare, and the import takes 70 ms

    flag = pygit2.enums.DiffOption.INDENT_HEURISTIC
    patch = pygit2.Patch.create_from(
        _normalize_line_ends(old), _normalize_line_ends(new), context_lines=0, flag=flag
    )
    if patch.delta.is_binary:
        return None
    return [
        LineHunk(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        for hunk in patch.hunks
    ]


def _normalize_line_ends(content: bytes) -> bytes:
    return b"".join(line + b"\n" for line in anchors.split_lines(content))
