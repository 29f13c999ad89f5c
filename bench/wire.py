"""A client with minimal cost: prebuilt bytes, one connection, no parsing."""

import socket
import time
from collections.abc import Mapping

from app.embedded.ports import LOOPBACK
from bench.errors import NotMeasured

_TIMEOUT = 120.0
_CHUNK = 1 << 18
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_CHUNKED = b"transfer-encoding: chunked"
_LAST_CHUNK = b"0\r\n\r\n"
# The server closes connections that are idle for 5 s.
_STALE = 3.0


class Wire:
    """A persistent connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._used = 0.0

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[float, int, bytes]:
        """Return the seconds to the last byte, the status and the body. Raises NotMeasured."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{lines}\r\n".encode()
        connection = self._connected()
        begun = time.perf_counter()
        try:
            connection.sendall(request)
            head, body = self._answer(connection)
        except OSError as error:
            raise NotMeasured(f"{path} got no response: {error!r}") from error
        seconds = time.perf_counter() - begun
        self._used = time.monotonic()
        return seconds, int(head[9:12]), body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if time.monotonic() - self._used > _STALE:
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection((LOOPBACK, self._port), _TIMEOUT)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _answer(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while _END not in received:
            received += _read_some(connection)
        head, _, body = received.partition(_END)
        fields = head.lower()
        if _CHUNKED in fields:
            while not body.endswith(_LAST_CHUNK):  # JSON contains no line ends as bytes
                body += _read_some(connection)
            return head, _join_chunks(body)
        at = fields.find(_LENGTH)
        if at < 0:
            raise NotMeasured(f"a response without a length: {head[:200]!r}")
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += _read_some(connection)
        return head, body


def _read_some(connection: socket.socket) -> bytes:
    piece = connection.recv(_CHUNK)
    if not piece:
        raise OSError("the server closed the connection")
    return piece


def _join_chunks(body: bytes) -> bytes:
    chunks = []
    while True:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return b"".join(chunks)
        chunks.append(rest[:length])
        body = rest[length + 2 :]
