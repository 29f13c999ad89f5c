"""The hunks of a file's section of a patch, as git writes it.

What cannot be taken apart is no error: it has no hunks that could be shown, and stays what it is.
"""

import re
from enum import StrEnum
from typing import NamedTuple

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: (.*))?")


_MAX_HEADERS = 100  # lines of a file's own head


class LineType(StrEnum):
    CONTEXT = "context"
    ADDED = "added"
    DELETED = "deleted"


_TYPES = {b" ": LineType.CONTEXT, b"+": LineType.ADDED, b"-": LineType.DELETED}


class PatchLine(NamedTuple):
    """A line of a hunk. Its numbers count from 1; None: it is not in that version. `ends`: it has
    an end, which only a file's last one may lack.
    """

    type: LineType
    old: int | None
    new: int | None
    text: str
    ends: bool = True


class Hunk(NamedTuple):
    """Lines that follow each other: `old_lines` from `old_start` on became `new_lines` from
    `new_start` on. A start of no lines is the one before. `section` is what git says of the place.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: str
    lines: list[PatchLine]


class UnreadablePatch(ValueError):
    """It is no section that git would have written, or one with too many lines."""


def parse_hunks(section: bytes, most: int) -> list[Hunk]:
    """The section's hunks: none of a binary file, or where the content is the same. Raises
    Unreadable, also where they have more than `most` lines.
    """
    if not section.startswith(b"diff --git ") or not section.endswith(b"\n"):
        raise UnreadablePatch
    if (
        section.count(b"\n") > 3 * most + _MAX_HEADERS
    ):  # of a hunk of one line with its head and end
        raise UnreadablePatch
    lines = section.split(b"\n")[:-1]
    at = _first_hunk(lines, 0)
    found: list[Hunk] = []
    left = most
    while at < len(lines):
        if lines[at].startswith(b"diff --git "):  # of a file that became a link, or the other way
            at = _first_hunk(lines, at)
            continue
        hunk, at = _parse_hunk(lines, at)
        left -= len(hunk.lines)
        if left < 0:
            raise UnreadablePatch
        found.append(hunk)
    return found


def _first_hunk(lines: list[bytes], start: int) -> int:
    """Where the file's own head ends that begins there; the end, where no hunks follow."""
    for at in range(start, len(lines)):
        if lines[at].startswith(b"@@ "):
            return at
        if lines[at] == b"GIT binary patch":
            break
    return len(lines)


def _parse_hunk(lines: list[bytes], at: int) -> tuple[Hunk, int]:
    """The hunk whose head is there, and where it ends. Raises Unreadable."""
    head = _HUNK.fullmatch(lines[at])
    if head is None:
        raise UnreadablePatch
    old, old_left, new, new_left = (1 if n is None else int(n) for n in head.groups()[:4])
    hunk = Hunk(old, old_left, new, new_left, _decode(head[5] or b""), [])
    # A start of no lines is the line before; none of them is counted.
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
