"""A few of the files that were changed, for a message."""

from collections.abc import Sequence
from typing import NamedTuple

from app.domain.sanitize import printable

MOST = 5
_LONGEST = 80  # characters of a path


class ChangedName(NamedTuple):
    """A file that was changed, with how many lines."""

    path: str
    insertions: int
    deletions: int
    binary: bool


def line(files: Sequence[ChangedName], total: int) -> str:
    """The first of `total` files, in a line: `a.py +3 -1, b.png, and 4 more`. A name is cut at its
    beginning, and has no characters that would make it look like something else.
    """
    said = [_said(file) for file in files[:MOST]]
    if total > len(said):
        said.append(f"and {total - len(said)} more" if said else f"{total} files")
    return ", ".join(said)


def _said(file: ChangedName) -> str:
    path = printable(file.path)
    if len(path) > _LONGEST:
        path = "…" + path[1 - _LONGEST :]
    return path if file.binary else f"{path} +{file.insertions} -{file.deletions}"
