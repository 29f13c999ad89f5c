"""Find commented lines in another version of their file.

A comment never moves onto different text: the lines at the new position equal the commented ones.
If they can't be found, the comment is outdated.
"""

from collections.abc import Sequence
from typing import NamedTuple

Lines = Sequence[bytes]


class LineHunk(NamedTuple):
    """Old lines and the lines that replace them, without context; numbers start at 1.

    As in git: a hunk without old lines comes after line `old_start`, one without new lines after
    `new_start`.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int


def track_lines(
    first: int, last: int, hunks: Sequence[LineHunk], old: Lines, new: Lines
) -> int | None:
    """Return where lines `first` to `last` of `old` start in `new`; None if they are outdated.

    `hunks` lead from `old` to `new`, in order. Lines that were moved are found if their text is
    unique.
    """
    if not 1 <= first <= last <= len(old):
        return None
    text = old[first - 1 : last]
    place = _shift_lines(first, last, hunks)
    if place is None:
        place = _unique_position(text, old, new)
    return place if place and _matches_at(text, new, place) else None


def _shift_lines(first: int, last: int, hunks: Sequence[LineHunk]) -> int | None:
    """Return the position of lines that no hunk touches, shifted by the changes above them."""
    shift = 0
    for hunk in hunks:
        begins = hunk.old_start if hunk.old_lines else hunk.old_start + 1
        if begins + hunk.old_lines <= first:
            shift += hunk.new_lines - hunk.old_lines
        elif begins > last:
            break
        else:
            return None
    return first + shift


def _unique_position(text: Lines, old: Lines, new: Lines) -> int | None:
    """Return the position of the text in `new`, if it's unique in both and more than a brace."""
    if not any(len(line.strip()) > 2 for line in text):
        return None
    before, after = _find_positions(text, old), _find_positions(text, new)
    return after[0] if len(before) == len(after) == 1 else None


def _find_positions(text: Lines, lines: Lines) -> list[int]:
    first = text[0]
    found = (place for place, line in enumerate(lines, 1) if line == first)
    return [place for place in found if _matches_at(text, lines, place)][:2]


def _matches_at(text: Lines, lines: Lines, place: int) -> bool:
    return place >= 1 and lines[place - 1 : place - 1 + len(text)] == text


def split_lines(content: bytes) -> list[bytes]:
    """Split a file into lines as git counts them, without line ends.

    Other line separators don't split, and the last line may lack a line end.
    """
    lines = content.split(b"\n")
    found = lines[:-1] if lines[-1] == b"" else lines
    return [line.removesuffix(b"\r") for line in found]
