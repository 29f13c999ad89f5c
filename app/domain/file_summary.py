"""A few of the files that were changed, for a message."""

from collections.abc import Sequence
from typing import NamedTuple

from app.domain.sanitize import make_printable

MAX_FILES = 5
_MAX_PATH = 80  # characters of a path


class ChangedFileName(NamedTuple):
    """A file that was changed, with how many lines."""

    path: str
    insertions: int
    deletions: int
    binary: bool


def summarize_files(files: Sequence[ChangedFileName], total: int) -> str:
    """The first of `total` files, in a line: `a.py +3 -1, b.png, and 4 more`. A name is cut at its
    beginning, and has no characters that would make it look like something else.
    """
    parts = [_format_file(file) for file in files[:MAX_FILES]]
    if total > len(parts):
        parts.append(f"and {total - len(parts)} more" if parts else f"{total} files")
    return ", ".join(parts)


def _format_file(file: ChangedFileName) -> str:
    path = make_printable(file.path)
    if len(path) > _MAX_PATH:
        path = "…" + path[1 - _MAX_PATH :]
    return path if file.binary else f"{path} +{file.insertions} -{file.deletions}"
