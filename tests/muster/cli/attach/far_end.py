"""The server's end of a terminal's sockets, without a server: output can stop at any byte."""

import contextlib
import socket
from collections import deque
from collections.abc import Callable

import msgspec
from websockets.client import ClientProtocol
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from muster.cli.attach.dial import DialedSocket, DialRequest, DialResult
from muster.protocol import terminal as wire
from muster.worker.server.websocket import WebSocket

COLS, ROWS = 90, 30


class FarEnd:
    """One socket; `near` is its other end. `send` sends the queued messages."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket, self._server = ours, ServerProtocol()
        client = ClientProtocol(parse_uri("ws://127.0.0.1/"))
        client.send_request(client.connect())
        self._server.receive_data(b"".join(client.data_to_send()))
        (request,) = self._server.events_received()
        assert isinstance(request, Request)
        self._server.send_response(self._server.accept(request))
        client.receive_data(b"".join(self._server.data_to_send()))
        client.events_received()
        theirs.setblocking(False)
        ours.settimeout(10.0)
        self.near = WebSocket(theirs, client)

    def close_both(self) -> None:
        """Close both ends."""
        self._socket.close()
        self.near.close_socket()

    def queue_frames(self, *frames: bytes | wire.TerminalFrame | str) -> None:
        """Queue frames; a `str` is a text that isn't a frame of this protocol."""
        for frame in frames:
            if isinstance(frame, bytes):
                self._server.send_binary(frame)
            elif isinstance(frame, str):
                self._server.send_text(frame.encode())
            else:
                self._server.send_text(msgspec.json.encode(frame))

    def send(self, most: int | None = None) -> None:
        """Send everything queued, or only the first bytes, then cut the connection."""
        data = b"".join(self._server.data_to_send())
        self._socket.sendall(data[:most])
        if most is not None:
            self._socket.close()

    def close(self, code: int) -> None:
        """Close as the server does."""
        self._server.send_close(code)
        self.send()
        self._socket.close()

    def received_frames(self) -> list[bytes | wire.FromViewer]:
        """Return all received messages."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self._server.receive_data(self._socket.recv(1 << 20))
        decoder = msgspec.json.Decoder(wire.FromViewer)
        found: list[bytes | wire.FromViewer] = []
        for frame in self._server.events_received():
            data = bytes(frame.data)  # type: ignore[union-attr]
            is_text = frame.opcode == 1  # type: ignore[union-attr]
            found.append(decoder.decode(data) if is_text else data)
        return found


class Server:
    """Dials for a connection; `answer` maps each request to its result."""

    def __init__(self, answer: Callable[[DialRequest], DialResult]) -> None:
        self.answer = answer
        self.wishes: list[DialRequest] = []
        self._waiting: deque[tuple[int, DialResult]] = deque()

    def start(self, wish: DialRequest) -> int:
        self.wishes.append(wish)
        self._waiting.append((len(self.wishes), self.answer(wish)))
        return len(self.wishes)

    def pop_results(self) -> list[tuple[int, DialResult]]:
        found = list(self._waiting)
        self._waiting.clear()
        return found


def dialled(end: FarEnd, may: wire.Mode = "control") -> DialedSocket:
    return DialedSocket(end.near, may)


def ready(offset: int, attempt: int = 1, mode: wire.Mode = "control") -> wire.ViewerReady:
    return wire.ViewerReady(mode=mode, cols=COLS, rows=ROWS, offset=offset, attempt=attempt)


def screen(offset: int, data: str = "screen") -> wire.Screen:
    return wire.Screen(offset=offset, cols=COLS, rows=ROWS, data=data)
