"""The hunks of a file's section of a git patch.

A section that can't be parsed is no error: it's kept, without hunks to show.
"""

import re
from enum import StrEnum
from typing import NamedTuple

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: (.*))?")


_MAX_HEADERS = 100  # lines of a file's own header


class LineType(StrEnum):
    CONTEXT = "context"
    ADDED = "added"
    DELETED = "deleted"


_TYPES = {b" ": LineType.CONTEXT, b"+": LineType.ADDED, b"-": LineType.DELETED}


class PatchLine(NamedTuple):
    """A line of a hunk. Numbers start at 1; None: the line isn't in that version.

    `ends`: it has a line end, which only a file's last line may lack.
    """

    type: LineType
    old: int | None
    new: int | None
    text: str
    ends: bool = True


class Hunk(NamedTuple):
    """Consecutive lines: `old_lines` from `old_start` became `new_lines` from `new_start`.

    The start of zero lines is the line before. `section` is git's hint about the location.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str
    lines: list[PatchLine]


class UnreadablePatch(ValueError):
    """The section isn't git's format, or has too many lines."""


def parse_hunks(section: bytes, most: int) -> list[Hunk]:
    """Return the section's hunks; none for a binary file or unchanged content.

    Raises UnreadablePatch, also for more than `most` lines.
    """
    if not section.startswith(b"diff --git ") or not section.endswith(b"\n"):
        raise UnreadablePatch
    if section.count(b"\n") > 3 * most + _MAX_HEADERS:  # of a one-line hunk with its header and end
        raise UnreadablePatch
    lines = section.split(b"\n")[:-1]
    at = _first_hunk(lines, 0)
    found: list[Hunk] = []
    left = most
    while at < len(lines):
        if lines[at].startswith(b"diff --git "):  # of a file that became a link, or vice versa
            at = _first_hunk(lines, at)
            continue
        hunk, at = _parse_hunk(lines, at)
        left -= len(hunk.lines)
        if left < 0:
            raise UnreadablePatch
        found.append(hunk)
    return found


def _first_hunk(lines: list[bytes], start: int) -> int:
    """Return where the file's own header ends that starts there; the end, if no hunks follow."""
    for at in range(start, len(lines)):
        if lines[at].startswith(b"@@ "):
            return at
        if lines[at] == b"GIT binary patch":
            break
    return len(lines)


def _parse_hunk(lines: list[bytes], at: int) -> tuple[Hunk, int]:
    """Return the hunk that starts there, and where it ends. Raises UnreadablePatch."""
    head = _HUNK.fullmatch(lines[at])
    if head is None:
        raise UnreadablePatch
    old, old_left, new, new_left = (1 if n is None else int(n) for n in head.groups()[:4])
    hunk = Hunk(old, old_left, new, new_left, _decode(head[5] or b""), [])
    # The start of zero lines is the line before, which isn't counted.
    at += 1
    while at < len(lines) and (old_left or new_left or lines[at].startswith(b"\\")):
        line, at = lines[at], at + 1
        if line.startswith(b"\\"):
            _drop_line_end(hunk.lines)
            continue
        type_ = _TYPES.get(line[:1])
        in_old, in_new = type_ is not LineType.ADDED, type_ is not LineType.DELETED
        if type_ is None or (in_old and not old_left) or (in_new and not new_left):
            raise UnreadablePatch
        text = _decode(line[1:])
        hunk.lines.append(PatchLine(type_, old if in_old else None, new if in_new else None, text))
        old, old_left = old + in_old, old_left - in_old
        new, new_left = new + in_new, new_left - in_new
    if old_left or new_left:
        raise UnreadablePatch
    return hunk, at


def _drop_line_end(lines: list[PatchLine]) -> None:
    if not lines or not lines[-1].ends:
        raise UnreadablePatch
    lines[-1] = lines[-1]._replace(ends=False)


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "replace")
