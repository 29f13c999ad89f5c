"""A FAKE server for one terminal: a program that echoes its input, on a breakable connection.

Its task takes messages, if it's told so.
"""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from muster.protocol import terminal as wire
from tests.muster.worker.fake_line import LIMIT, Line

_decoder: "msgspec.json.Decoder[wire.FromViewer]" = msgspec.json.Decoder(wire.FromViewer)


class FakeServer:
    """Knobs: `mode`, the highest allowed one; `size`; `takes_size`; `screen`, before all output;
    `task`, as the API has it; `refusal` of messages. `heard` has received frames, `typed` received
    keys, `sent` received requests about the agent, as (end of the path, body, idempotency key)."""

    def __init__(self) -> None:
        self.mode: wire.Mode = "control"
        self.size = (80, 24)
        self.takes_size = True
        self.screen = "the screen\r\n"
        self.task: dict[str, Any] = {"agentType": "custom", "readsTerminal": True}
        self.refusal: dict[str, Any] | None = None
        self.sent: list[tuple[str, Any, str | None]] = []
        self.output = bytearray()
        self.typed = bytearray()
        self.heard: list[wire.FromViewer] = []
        self.asked: list[Any] = []  # bodies of pty-token
        self._open: list[ServerConnection] = []
        self._sockets = serve(self._serve_connection, "127.0.0.1", 0, compression=None)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _requests(self))
        self._http.daemon_threads = True
        self.line = Line(self._sockets.socket.getsockname()[1], self._http.server_address[1])
        self._beginning = threading.RLock()
        for serves in (self._sockets.serve_forever, self._http.serve_forever):
            threading.Thread(target=serves, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.line.close()
        self._sockets.shutdown()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.line.port}"

    def print(self, data: bytes) -> None:
        with self._beginning:
            self.output += data
            for socket in list(self._open):
                with contextlib.suppress(ConnectionClosed):  # a client that detached or died
                    socket.send(data)

    def send(self, frame: wire.TerminalFrame) -> None:
        for socket in list(self._open):
            socket.send(_text(frame))

    def close(self, code: int, reason: str) -> None:
        for socket in list(self._open):
            socket.close(code, reason)

    def _serve_connection(self, socket: ServerConnection) -> None:
        auth = _decoder.decode(socket.recv(LIMIT))
        assert isinstance(auth, wire.ViewerAuth)
        # Output comes before the screen, which contains it, or after it.
        with self._beginning:
            cols, rows = self.size
            at = len(self.output) if auth.resume_from is None else auth.resume_from
            socket.send(_text(wire.ViewerReady(self.mode, cols, rows, at, attempt=1)))
            if auth.resume_from is None:
                data = self.screen + self.output.decode()
                socket.send(_text(wire.Screen(offset=at, cols=cols, rows=rows, data=data)))
            elif at < len(self.output):
                socket.send(bytes(self.output[at:]))
            self._open.append(socket)
        try:
            for message in socket:
                self._receive(message)
        except ConnectionClosed:
            pass
        finally:
            self._open.remove(socket)

    def _receive(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.typed += message
            self.print(message)
            return
        frame = _decoder.decode(message)
        self.heard.append(frame)
        if isinstance(frame, wire.Resize) and self.takes_size:
            self.size = (frame.cols, frame.rows)
            self.send(frame)


def _text(frame: wire.TerminalFrame) -> str:
    return msgspec.json.encode(frame).decode()


def _requests(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, server.task)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = self.path.rsplit("/", 1)[1]
            if name == "pty-token":
                server.asked.append(body)
                fields = {"channelToken": "mst_chan_x", "mode": server.mode, "expiresAt": "soon"}
                self._answer(200, fields)
                return
            server.sent.append((name, body, self.headers["Idempotency-Key"]))
            if server.refusal is not None:
                self._answer(409, server.refusal)
            else:
                self._answer(201, {})

        def _answer(self, status: int, fields: Any) -> None:
            answer = json.dumps(fields).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Requests
