"""A short list of changed files, for a message."""

from collections.abc import Sequence
from typing import NamedTuple

from app.domain.sanitize import make_printable

MAX_FILES = 5
_MAX_PATH = 80  # characters per path


class ChangedFileName(NamedTuple):
    """A changed file and its changed line counts."""

    path: str
    insertions: int
    deletions: int
    binary: bool


def summarize_files(files: Sequence[ChangedFileName], total: int) -> str:
    """Return the first of `total` files on one line: `a.py +3 -1, b.png, and 4 more`.

    Long names are cut at the start. Characters that could make a name look like another are
    replaced.
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
