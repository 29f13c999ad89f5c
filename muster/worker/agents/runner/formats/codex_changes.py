"""The changes of files by codex: it reports only the files, before and after the change."""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_FILE_BYTES = 1 << 20  # bytes of a file to compare
_MAX_LINES = 3000  # lines


class FileChanges:
    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self._before: dict[str, dict[str, str | None]] = {}  # by item, then by path

    def start(self, item: str, files: list[tuple[str, str]]) -> None:
        """Record the files before the change. If codex was faster, there is no difference."""
        self._before[item] = {path: self._read(path) for path, change in files if change != "add"}

    def diff(self, item: str, files: list[tuple[str, str]]) -> str:
        before = self._before.pop(item, {})
        made = []
        for path, change in files:
            old = "" if change == "add" else before.get(path)
            new = "" if change == "delete" else self._read(path)
            lines = _diff_lines(old, new)
            made += [f"+++ {path}", *lines] if lines and len(files) > 1 else lines
        return "\n".join(made)


def read_text_file(path: str) -> str | None:
    """Return a text file's content if it isn't too large to compare."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_FILE_BYTES:
                return None
            return file.read(_MAX_FILE_BYTES).decode()
    except (OSError, ValueError):
        return None


def _diff_lines(old: str | None, new: str | None) -> list[str]:
    """Return the diff; empty if a side is unknown."""
    if old is None or new is None:
        return []
    before, after = old.splitlines(), new.splitlines()
    if not before or not after:
        return [*(f"-{line}" for line in before), *(f"+{line}" for line in after)]
    if len(before) > _MAX_LINES or len(after) > _MAX_LINES:
        return []
    from difflib import unified_diff  # few runs need it

    return list(unified_diff(before, after, lineterm="", n=3))[2:]
