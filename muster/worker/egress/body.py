"""Pass a request's body to the server, and nothing after its end.

So a second, unchecked request on the same connection goes nowhere.
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
        """Return the part for the server."""
        taken = data[: self._left]
        self._left -= len(taken)
        return taken


class ChunkedBody:
    """A body in chunks, rewritten without extensions and trailers."""

    def __init__(self) -> None:
        self._line = b""  # the start of an incomplete line
        self._left = 0  # bytes left in the chunk
        self._in_trailer = False
        self._expects_chunk_end = False  # the line end after a chunk comes next
        self.is_complete = False

    def feed(self, data: bytes) -> bytes:
        """Return the part for the server. Raises Malformed."""
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
                raise Malformed("a chunk's line is too long")
            if not mark:
                self._line = line
                break
            self._line, data = b"", rest
            sent.append(self._read_line(line))
        return b"".join(sent)

    def _read_line(self, line: bytes) -> bytes:
        if self._expects_chunk_end:
            if line:
                raise Malformed("a chunk is longer than its size")
            self._expects_chunk_end = False
            return b"\r\n"
        if self._in_trailer:
            self.is_complete = not line
            return b"\r\n" if self.is_complete else b""
        size = line.partition(b";")[0].rstrip(b" \t")
        if not 0 < len(size) <= 16 or not frozenset(b"0123456789abcdefABCDEF").issuperset(size):
            raise Malformed("a chunk has no size")
        self._left = int(size, 16)
        self._in_trailer = not self._left
        return b"%x\r\n" % self._left


class UnboundedBody:
    """A body that ends with the connection: a tunnel's."""

    is_complete = False

    def feed(self, data: bytes) -> bytes:
        return data


Body = SizedBody | ChunkedBody | UnboundedBody
