"""A terminal's socket to the server, which waits for nothing once it is open."""

import select
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from muster.worker.server.websocket import WebSocket
from tests import certificates

LIMIT = 10.0


@dataclass
class Echo:
    """A server that echoes its input once it `reads`, and closes on `bye`."""

    url: str = ""
    trusted: ssl.SSLContext | None = None
    reads: threading.Event = field(default_factory=threading.Event)

    def serve_connection(self, socket: ServerConnection) -> None:
        for message in socket:
            self.reads.wait(LIMIT)
            if message == "bye":
                socket.close(4410, "the task has ended")
            socket.send(message)

    def dial(self) -> WebSocket:
        options = {"compression": None, "ping_interval": None, "max_size": 1 << 20}
        made = connect(
            self.url,
            ssl=self.trusted,
            create_connection=WebSocket,
            **options,  # type: ignore[arg-type]
        )
        websocket: WebSocket = made.__enter__()  # type: ignore[assignment]
        return websocket


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the server's, with its key."""
    return certificates.write_server(tmp_path_factory.mktemp("tls") / "server.pem", "localhost")


@pytest.fixture(params=["ws", "wss"])
def echo(request: pytest.FixtureRequest) -> Iterator[Echo]:
    echo, context = Echo(), None
    echo.reads.set()
    if request.param == "wss":
        certificate = request.getfixturevalue("certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        echo.trusted = ssl.create_default_context(cafile=certificate)
    with serve(echo.serve_connection, "localhost", 0, ssl=context, compression=None) as server:
        echo.url = f"{request.param}://localhost:{server.socket.getsockname()[1]}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield echo
        echo.reads.set()
        server.shutdown()
        serving.join()


def receive_messages(websocket: WebSocket, number: int) -> list[str | bytes]:
    """Return incoming messages, handled like a terminal's thread does."""
    messages: list[str | bytes] = []
    deadline = monotonic() + LIMIT
    while len(messages) < number:
        assert monotonic() < deadline, f"only {len(messages)} of {number}"
        readable, writable, _ = select.select(
            [websocket], [websocket] if websocket.is_full else [], [], LIMIT
        )
        if writable:
            websocket.flush()
        if readable:
            messages += websocket.receive()
    return messages


def test_all_sizes_come_and_go_whole(echo: Echo) -> None:
    with echo.dial() as websocket:
        messages: list[str | bytes] = [
            b"x" * size for size in (0, 1, 125, 126, 65_535, 65_536, 300_000)
        ]
        messages.append("grüße")
        for message in messages:
            websocket.send(message)
        assert receive_messages(websocket, len(messages)) == messages


def test_a_server_that_reads_nothing_is_not_waited_for(echo: Echo) -> None:
    echo.reads.clear()
    with echo.dial() as websocket:
        sent_count = 0
        while not websocket.is_full:
            websocket.send(b"y" * 64_000)
            sent_count += 1
        assert sent_count < 1_000
        echo.reads.set()
        assert receive_messages(websocket, sent_count) == [b"y" * 64_000] * sent_count


def test_the_servers_close_comes_after_its_earlier_messages(echo: Echo) -> None:
    with echo.dial() as websocket:
        websocket.send(b"first")
        websocket.send("bye")
        assert receive_messages(websocket, 1) == [b"first"]
        with pytest.raises(ConnectionClosed) as closed:
            receive_messages(websocket, 1)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4410, "the task has ended")


def test_our_goodbye_comes_behind_what_we_said(echo: Echo) -> None:
    websocket = echo.dial()
    websocket.send(b"z" * 500_000)
    began = monotonic()
    websocket.close(1000)
    assert monotonic() - began < LIMIT
    with pytest.raises((ConnectionClosedOK, ConnectionClosed, OSError, ValueError)):
        websocket.send(b"more")


def test_a_connection_that_is_cut_is_found_out(echo: Echo) -> None:
    with echo.dial() as websocket:
        websocket.send(b"first")
        assert receive_messages(websocket, 1) == [b"first"]
        websocket.abort()
        with pytest.raises((ConnectionClosed, OSError)):
            receive_messages(websocket, 1)


def test_a_rejected_handshake_is_recognized(tmp_path: Path) -> None:
    def refuse(connection: ServerConnection, request: object) -> object:
        return connection.respond(403, "no\n")

    with serve(lambda _: None, "localhost", 0, process_request=refuse) as server:  # type: ignore[arg-type]
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        echo = Echo(f"ws://localhost:{server.socket.getsockname()[1]}")
        with pytest.raises(InvalidStatus):
            echo.dial()
        server.shutdown()
        serving.join()
