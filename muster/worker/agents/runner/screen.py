"""The terminal that shows an agent's actions."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable

MIN_COLUMNS = 20
DEFAULT_COLUMNS = 80  # columns without a terminal
_GROUPED_KINDS = (
    "tool",
    "error",
    None,
)  # kinds that follow each other without an empty line


class Screen:
    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        self._last: str | None = None
        self._is_empty = True

    def show(self, draw: Callable[[int], str], kind: str | None) -> None:
        """Draw a block at the terminal's current width. A closed terminal is ignored: the agent
        continues, and so do its entries.
        """
        if self._descriptor is None:
            return
        is_apart = not self._is_empty and not (kind == self._last and kind in _GROUPED_KINDS)
        text = "\n" * is_apart + draw(self._width(self._descriptor))
        self._last, self._is_empty = kind, False
        rest = memoryview(text.encode(errors="backslashreplace"))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._descriptor = None

    @staticmethod
    def _width(descriptor: int) -> int:
        try:
            columns = os.get_terminal_size(descriptor).columns
        except OSError:
            return DEFAULT_COLUMNS
        return max(columns, MIN_COLUMNS) if columns else DEFAULT_COLUMNS
