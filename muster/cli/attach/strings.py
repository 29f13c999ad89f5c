"""What a program may tell the terminal that it does not see: most of it is kept from it.

Programs, and machines, may mean harm. A terminal obeys strings that nobody sees: it puts what they
say on the clipboard (OSC 52), or types an answer of their making. The console leaves them out, too.
"""

import re

# Colours, links, where a prompt begins.
_HARMLESS = frozenset({4, 8, 10, 11, 12, 104, 110, 111, 112, 133})
_LONGEST_NUMBER = 6  # digits

# As a terminal in UTF-8 understands them: OSC, DCS, SOS, PM and APC, in seven bits and in eight.
_BEGINS = re.compile(rb"\x1b[\]PX^_]|\xc2[\x90\x98\x9d-\x9f]")
_ENDS = re.compile(rb"\x07|\x18|\x1a|\x1b\\|\x1b(?=[^\\])|\xc2\x9c")
_NUMBER = re.compile(rb"\x1b\]([0-9]*)(;|\x07|\x1b|\xc2\x9c|\xc2?\Z)")
_UNFINISHED = (b"", b"\xc2")  # as the second of these, of a number that more may follow
# A terminal carries such bytes out in the midst of an escape, and goes on with it.
_ASTRAY = re.compile(rb"\x1b([\x00-\x17\x19\x1c-\x1f\x7f]+)")
_PARTS = (b"\x1b", b"\xc2")  # with which a beginning, or an end, may begin


class Strings:
    """Takes bytes however they come in pieces; leaves out all strings but harmless ones."""

    def __init__(self) -> None:
        self._held = b""  # may be the beginning of one
        self._is_within = self._passes = False

    def feed(self, data: bytes) -> bytes:
        """What may be written to the terminal."""
        data, self._held = self._held + data, b""
        if not self._is_within and b"\x1b" not in data and b"\xc2" not in data:
            return data
        data = _ASTRAY.sub(b"\\1\x1b", data)
        found, at = [], 0
        while at < len(data):
            step = self._within if self._is_within else self._outside
            piece, at = step(data, at)
            found.append(piece)
        return b"".join(found)

    def _outside(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Up to the next string, or all: what is written, and where to go on."""
        begin = _BEGINS.search(data, at)
        if begin is None:
            end = len(data) - data.endswith(_PARTS)
            self._held = data[end:]
            return data[at:end], len(data)
        head = _NUMBER.match(data, begin.start())
        if head and head[2] in _UNFINISHED and len(head[1]) <= _LONGEST_NUMBER:
            self._held = data[begin.start() :]  # its number has not come whole
            return data[at : begin.start()], len(data)
        self._is_within = True
        self._passes = bool(
            head and 0 < len(head[1]) <= _LONGEST_NUMBER and int(head[1]) in _HARMLESS
        )
        return data[at : begin.end() if self._passes else begin.start()], begin.end()

    def _within(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Likewise, up to the string's end."""
        end = _ENDS.search(data, at)
        if end is None:
            to = len(data) - data.endswith(_PARTS)
            self._held = data[to:]
            return data[at:to] if self._passes else b"", len(data)
        self._is_within = False
        # An escape that ends nothing by itself begins the next sequence.
        to = end.start() if end[0] == b"\x1b" else end.end()
        return data[at:to] if self._passes else b"", to
