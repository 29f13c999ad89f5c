"""Where commented lines are in another version of their file.

A comment is never moved onto another text: what stands at the new place is, line for line, what it
was made on. What cannot be found so is outdated.
"""

from collections.abc import Sequence
from typing import NamedTuple

Lines = Sequence[bytes]


class LineHunk(NamedTuple):
    """Lines of the old version that others have replaced, without context; counted from 1.

    As git says it: a hunk without old lines stands behind the line `old_start`, one without new
    lines behind `new_start`.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int


def track_lines(
    first: int, last: int, hunks: Sequence[LineHunk], old: Lines, new: Lines
) -> int | None:
    """Where the lines `first` to `last` of `old` begin in `new`; None: they are outdated.

    `hunks` lead from `old` to `new`, in order. Lines that were taken out in one place and put in at
    another are found where nothing else has their text.
    """
    if not 1 <= first <= last <= len(old):
        return None
    text = old[first - 1 : last]
    place = _shift_lines(first, last, hunks)
    if place is None:
        place = _unique_position(text, old, new)
    return place if place and _matches_at(text, new, place) else None


def _shift_lines(first: int, last: int, hunks: Sequence[LineHunk]) -> int | None:
    """The place of lines that no hunk touches, moved by what came and went above them."""
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
    """Where the text stands in `new`, if it stands once in each and is more than a brace."""
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
    """The lines of a file, as git counts them, without their ends: these are no text, and the last
    line may have none.
    """
    lines = content.split(b"\n")
    found = lines[:-1] if lines[-1] == b"" else lines
    return [line.removesuffix(b"\r") for line in found]
