"""A request's body on its way to the server: what comes after its end is not passed on.

So a second request on the same connection, which nobody judged, goes nowhere.
"""

from muster.worker.egress.bounded_reader import Malformed

_MAX_LINE_BYTES = 4 << 10


class SizedBody:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def is_complete(self) -> bool:
        return not self._left

    def feed(self, data: bytes) -> bytes:
        """What of it the server gets."""
        taken = data[: self._left]
        self._left -= len(taken)
        return taken


class ChunkedBody:
    """A body in chunks, written anew: without extensions and trailers."""

    def __init__(self) -> None:
        self._line = b""  # the beginning of a line that is not complete
        self._left = 0  # bytes of the chunk that are to come
        self._in_trailer = False
        self._expects_chunk_end = False  # the end of a chunk's line comes next
        self.is_complete = False

    def feed(self, data: bytes) -> bytes:
        """What of it the server gets. Raises Malformed."""
        sent = []
        while data and not self.is_complete:
            if self._left:
                taken, data = data[: self._left], data[self._left :]
                self._left -= len(taken)
                self._expects_chunk_end = not self._left
                sent.append(taken)
                continue
            line, mark, rest = (self._line + data).partition(b"\r\n")
            if len(line) > _MAX_LINE_BYTES:
                raise Malformed("a chunk's line that is too long")
            if not mark:
                self._line = line
                break
            self._line, data = b"", rest
            sent.append(self._read_line(line))
        return b"".join(sent)

    def _read_line(self, line: bytes) -> bytes:
        if self._expects_chunk_end:
            if line:
                raise Malformed("a chunk that is longer than it says")
            self._expects_chunk_end = False
            return b"\r\n"
        if self._in_trailer:
            self.is_complete = not line
            return b"\r\n" if self.is_complete else b""
        size = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(size) <= 16 or not frozenset(b"0123456789abcdefABCDEF").issuperset(size):
            raise Malformed("a chunk without a size")
        self._left = int(size, 16)
        self._in_trailer = not self._left
        return b"%x\r\n" % self._left


class UnboundedBody:
    """What has no end but the connection's: a tunnel."""

    is_complete = False

    def feed(self, data: bytes) -> bytes:
        return data


Body = SizedBody | ChunkedBody | UnboundedBody
