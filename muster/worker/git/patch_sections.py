"""Split a git patch into the sections of its files.

It is parsed like `git apply` does: a hunk has its number of lines, and a binary one ends with an
empty line. So no line of a file can be mistaken for the start of the next section.
"""

import re

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_SECTION_HEADER = b"diff --git "
_BINARY_HEADERS = (b"literal ", b"delta ")


class InvalidPatch(ValueError):
    """It isn't git's output."""


def split_patch(patch: bytes) -> list[bytes]:
    """Return its sections, which together are the complete patch. Raises InvalidPatch."""
    pieces, at = [], 0
    while at < len(patch):
        end = _Section(patch, at).end
        pieces.append(patch[at:end])
        at = end
    return pieces


def is_binary(section: bytes) -> bool:
    """Whether it has no lines: each line of a file has a mark before it."""
    return b"\nGIT binary patch\n" in section


class _Section:
    def __init__(self, patch: bytes, begin: int) -> None:
        """Raises InvalidPatch."""
        self._patch = patch
        self.end = begin
        if not self._next_line().startswith(_SECTION_HEADER):
            raise InvalidPatch("expected the start of a section")
        while not self._is_at_end() and not self._is_at(b"--- ", b"GIT binary patch\n"):
            self._next_line()
        if self._is_at(b"--- "):
            self._next_line()
            self._next_line()
            while self._is_at(b"@@ "):
                self._skip_hunk()
        elif self._is_at(b"GIT binary patch\n"):
            self._next_line()
            while self._is_at(*_BINARY_HEADERS):
                self._skip_binary()
        if not self._is_at_end():
            raise InvalidPatch("a section has no proper end")

    def _skip_hunk(self) -> None:
        found = _HUNK.match(self._next_line())
        if found is None:
            raise InvalidPatch("a hunk has no numbers")
        before, after = (1 if number is None else int(number) for number in found.groups())
        while before > 0 or after > 0:
            kind = self._next_line()[:1]
            if kind not in (b" ", b"-", b"+", b"\\"):
                raise InvalidPatch("a hunk ends early")
            before -= kind in (b" ", b"-")
            after -= kind in (b" ", b"+")
        if self._is_at(b"\\ "):  # no newline at the end of the file
            self._next_line()

    def _skip_binary(self) -> None:
        while self._next_line() != b"\n":
            pass

    def _next_line(self) -> bytes:
        """Return the next line with its newline. Raises InvalidPatch at the end."""
        end = self._patch.find(b"\n", self.end) + 1
        if end == 0:
            raise InvalidPatch("the patch ends early")
        line = self._patch[self.end : end]
        self.end = end
        return line

    def _is_at(self, *beginnings: bytes) -> bool:
        return self._patch.startswith(beginnings, self.end)

    def _is_at_end(self) -> bool:
        return self.end == len(self._patch) or self._is_at(_SECTION_HEADER)
