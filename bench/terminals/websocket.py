"""A WebSocket client without a thread, so that only the server's side is timed."""

import socket
from collections import deque

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from app.embedded.ports import LOOPBACK
from bench.errors import NotMeasured

_TIMEOUT = 60.0
_CHUNK = 1 << 18
_LARGEST = 8 << 20


class WebSocket:
    """Blocking. Every call raises NotMeasured if the server closes or is silent for long."""

    def __init__(self, port: int, path: str, receive_buffer: int | None = None) -> None:
        """A small `receive_buffer` fills up soon if nothing is read."""
        self._protocol = ClientProtocol(
            parse_uri(f"ws://{LOOPBACK}:{port}{path}"), max_size=_LARGEST
        )
        self._messages: deque[bytes | str] = deque()
        self._parts: list[bytes] = []
        self._is_text = False
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect((LOOPBACK, port))
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        self._is_open = False
        while not self._is_open:
            self._read()

    def send(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    def receive(self) -> bytes | str:
        """Return the next message."""
        while not self._messages:
            self._read()
        return self._messages.popleft()

    def begin(self) -> None:
        """Wait until the first bytes of the next message arrive."""
        while not self._messages and not self._protocol.reader.buffer:
            self._read()

    def close(self) -> None:
        """Close the connection at once."""
        self._socket.close()

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except OSError as error:
            raise NotMeasured(f"the WebSocket is silent: {error!r}") from error
        if not data:
            raise NotMeasured("the WebSocket was closed")
        self._protocol.receive_data(data)
        self._flush()  # pongs
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._is_open = True
            elif isinstance(event, Frame):
                self._receive_frame(event)
        if self._protocol.handshake_exc:
            raise NotMeasured(f"no WebSocket: {self._protocol.handshake_exc}")

    def _receive_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            raise NotMeasured(f"the server closed the connection: {frame}")
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if frame.fin:
            whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._messages.append(whole.decode() if self._is_text else whole)
            self._parts.clear()

    def _flush(self) -> None:
        try:
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.sendall(data)
        except OSError as error:
            raise NotMeasured(f"the WebSocket accepts no data: {error!r}") from error
