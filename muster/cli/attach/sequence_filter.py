"""Filter invisible control strings from a program's output.

Programs and machines can be malicious. Terminals obey invisible strings: they can set the clipboard
(OSC 52) or inject typed input. The console filters them, too. Links (OSC 8) pass if they lead to
the web or to mail: for others, a desktop may start any program. Printing sequences (CSI i) are
canceled: the text after one can go to a printer instead of the screen.
"""

import re

# Colors; the start of a prompt.
_HARMLESS = frozenset({4, 10, 11, 12, 104, 110, 111, 112, 133})
_MAX_NUMBER_DIGITS = 6  # digits

# As a UTF-8 terminal parses them: OSC, DCS, SOS, PM and APC, in 7 and 8 bits.
_BEGINS = re.compile(rb"\x1b[\]PX^_]|\xc2[\x90\x98\x9d-\x9f]")
_ENDS = re.compile(rb"\x07|\x18|\x1a|\x1b\\|\x1b(?=[^\\])|\xc2\x9c")
_NUMBER = re.compile(rb"\x1b\]([0-9]*)(;|\x07|\x1b|\xc2\x9c|\xc2?\Z)")
_UNFINISHED = (b"", b"\xc2")  # the second group, if more digits may follow
# A terminal executes such bytes within an escape, then continues with the escape.
_CONTROLS_AFTER_ESCAPE = re.compile(rb"\x1b([\x00-\x17\x19\x1c-\x1f\x7f]+)")
_PARTS = (b"\x1b", b"\xc2")  # the first byte of a start or an end

_LINK = 8
_MAX_LINK_BYTES = 4096
_HARMLESS_LINK = re.compile(
    rb"\x1b\]0*8;[\x20-:<-\x7e]*;(?:(?:https?:|mailto:)[\x21-\x7e]*)?", re.IGNORECASE
)
_NO_LINK = b"\x1b]8;;\x1b\\"

# Up to a sequence's last byte. Terminals execute control characters within it.
_PARAMETERS = rb"[\x00-\x17\x19\x1c-\x3f\x7f]*+"
_PRINTS = re.compile(
    rb"((?:\x1b\[|\xc2\x9b)" + _PARAMETERS + rb")(i|\Z)"
)  # or may still become one
_REST = re.compile(rb"(" + _PARAMETERS + rb")(i?)")
_CANCEL = b"\x18"


class SequenceFilter:
    """Filters bytes in chunks of any size: removes all but harmless strings, cancels printing."""

    def __init__(self) -> None:
        self._pending = b""  # possibly the start of a string
        self._is_in_string = self._is_string_allowed = False
        self._link: bytes | None = None  # the part received so far
        self._is_in_sequence = False

    def feed(self, data: bytes) -> bytes:
        """Return the bytes to write to the terminal."""
        return self._cancel_print_sequences(self._filter_strings(data))

    def _cancel_print_sequences(self, data: bytes) -> bytes:
        # Input never ends within a start: `_filter_strings` runs first and withholds it.
        if not self._is_in_sequence and b"\x1b[" not in data and b"\xc2\x9b" not in data:
            return data
        found, at = [], 0
        while at < len(data):
            find = _REST.match if self._is_in_sequence else _PRINTS.search
            sequence = find(data, at)
            if sequence is None:
                break
            found += [data[at : sequence.end(1)], _CANCEL if sequence[2] else b""]
            at = sequence.end()
            self._is_in_sequence = at == len(data) and not sequence[2]
        return b"".join([*found, data[at:]])

    def _filter_strings(self, data: bytes) -> bytes:
        data, self._pending = self._pending + data, b""
        if not self._is_in_string and b"\x1b" not in data and b"\xc2" not in data:
            return data
        data = _CONTROLS_AFTER_ESCAPE.sub(b"\\1\x1b", data)
        found, at = [], 0
        while at < len(data):
            step = self._scan_string if self._is_in_string else self._scan_text
            piece, at = step(data, at)
            found.append(piece)
        return b"".join(found)

    def _scan_text(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Scan up to the next string or the end; return the output and where to continue."""
        begin = _BEGINS.search(data, at)
        if begin is None:
            end = len(data) - data.endswith(_PARTS)
            self._pending = data[end:]
            return data[at:end], len(data)
        head = _NUMBER.match(data, begin.start())
        if head and head[2] in _UNFINISHED and len(head[1]) <= _MAX_NUMBER_DIGITS:
            self._pending = data[begin.start() :]  # its number isn't complete
            return data[at : begin.start()], len(data)
        self._is_in_string = True
        number = int(head[1]) if head and 0 < len(head[1]) <= _MAX_NUMBER_DIGITS else None
        self._link = data[begin.start() : begin.end()] if number == _LINK else None
        self._is_string_allowed = number in _HARMLESS
        return data[at : begin.end() if self._is_string_allowed else begin.start()], begin.end()

    def _scan_string(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Scan up to the string's end; return the output and where to continue."""
        end = _ENDS.search(data, at)
        if end is None:
            to = len(data) - data.endswith(_PARTS)
            self._pending = data[to:]
            return self._filter_string_chunk(data[at:to]), len(data)
        self._is_in_string = False
        # An escape that isn't part of an end starts the next sequence.
        to = end.start() if end[0] == b"\x1b" else end.end()
        if self._link is None:
            return self._filter_string_chunk(data[at:to]), to
        link = self._link + data[at : end.start()]
        is_harmless = len(link) <= _MAX_LINK_BYTES and _HARMLESS_LINK.fullmatch(link)
        return (link + data[end.start() : to] if is_harmless else _NO_LINK), to

    def _filter_string_chunk(self, piece: bytes) -> bytes:
        """Return a string chunk's output. A link is withheld until it's complete."""
        if self._link is not None:
            self._link = (self._link + piece)[: _MAX_LINK_BYTES + 1]
        return piece if self._is_string_allowed else b""
