"""Split output so that no portion keeps an emulator busy for long.

A few bytes can cause much work: one sequence repeats a character 65,535 times (REP, 7 ms), another
clears or scrolls a complete large screen.
"""

import re
from collections.abc import Iterator

_MAX_CHUNK_BYTES = 64 << 10  # bytes
_MAX_SCROLLED_CELLS = 16 << 20  # cells, if each byte is a line feed: some 70 ms
_MAX_TOUCHED_CELLS = 2_000_000  # cells that sequences may touch: some 60 ms
# In seven bits or in eight; with all characters that a terminal executes or ignores inside a
# sequence.
_REPEATS = re.compile(rb"(?:\x1b\[|\xc2\x9b)[^@-~\x1b]*b")
# Sequences that may touch the complete screen: not colors, cursor moves, or changes of one line.
_COSTLY = re.compile(rb"\x1b(?!\[[0-9;:]{0,40}[@-DGHKPXdfm])|\xc2[\x80-\x9f]")


def split_by_cost(data: bytes, size: tuple[int, int]) -> Iterator[bytes]:
    """Yield the bytes, in order, for a screen of that many columns and rows."""
    cols, rows = max(1, size[0]), max(1, size[1])
    longest = min(_MAX_CHUNK_BYTES, _MAX_SCROLLED_CELLS // cols)
    most = max(1, _MAX_TOUCHED_CELLS // (cols * rows))
    begin = 0
    while begin < len(data):
        end = min(len(data), begin + longest)
        if repeats := _REPEATS.search(data, begin, end):
            end = repeats.end()
        costly = _COSTLY.finditer(data, begin, end)
        end = next((found.start() for n, found in enumerate(costly) if n == most), end)
        yield data[begin:end]
        begin = end
