"""A request's body on its way to the server: what comes after its end is not passed on.

So a second request on the same connection, which nobody judged, goes nowhere.
"""

from muster.worker.egress.bounded_reader import Malformed

_LONGEST_LINE = 4 << 10


class Sized:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def over(self) -> bool:
        return not self._left

    def feed(self, data: bytes) -> bytes:
        """What of it the server gets."""
        taken = data[: self._left]
        self._left -= len(taken)
        return taken


class Chunked:
    """A body in chunks, written anew: without extensions and trailers."""

    def __init__(self) -> None:
        self._line = b""  # the beginning of a line that is not complete
        self._left = 0  # bytes of the chunk that are to come
        self._in_trailer = False
        self._closing = False  # the end of a chunk's line comes next
        self.over = False

    def feed(self, data: bytes) -> bytes:
        """What of it the server gets. Raises Malformed."""
        sent = []
        while data and not self.over:
            if self._left:
                taken, data = data[: self._left], data[self._left :]
                self._left -= len(taken)
                self._closing = not self._left
                sent.append(taken)
                continue
            line, mark, rest = (self._line + data).partition(b"\r\n")
            if len(line) > _LONGEST_LINE:
                raise Malformed("a chunk's line that is too long")
            if not mark:
                self._line = line
                break
            self._line, data = b"", rest
            sent.append(self._take_line(line))
        return b"".join(sent)

    def _take_line(self, line: bytes) -> bytes:
        if self._closing:
            if line:
                raise Malformed("a chunk that is longer than it says")
            self._closing = False
            return b"\r\n"
        if self._in_trailer:
            self.over = not line
            return b"\r\n" if self.over else b""
        size = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(size) <= 16 or not frozenset(b"0123456789abcdefABCDEF").issuperset(size):
            raise Malformed("a chunk without a size")
        self._left = int(size, 16)
        self._in_trailer = not self._left
        return b"%x\r\n" % self._left


class Everything:
    """What has no end but the connection's: a tunnel."""

    over = False

    def feed(self, data: bytes) -> bytes:
        return data


Body = Sized | Chunked | Everything
