"""A terminal's WebSocket against the frames of another implementation, and against none of its."""

import contextlib
import random
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from simple_websocket import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side

from app.sockets import SendAllSocket
from app.terminals.websocket import MessageTooBig, ProtocolViolation, WebSocket

LARGEST = 70_000
_MASK = b"abcd"


class Peer:
    """A client whose handshake is over."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.protocol = Protocol(Side.CLIENT)
        sock.settimeout(10)

    def send(self, data: bytes | None = None) -> None:
        self.sock.sendall(data if data is not None else b"".join(self.protocol.data_to_send()))

    def receive(self, number: int) -> list[Frame]:
        heard: list[Frame] = []
        while len(heard) < number:
            self.protocol.receive_data(self.sock.recv(1 << 16))
            heard += [event for event in self.protocol.events_received() if type(event) is Frame]
        return heard


@pytest.fixture
def ends() -> Iterator[tuple[WebSocket, Peer]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ws = SimpleNamespace(sock=SendAllSocket(ours), connected=True)
        yield WebSocket(ws, LARGEST, silence=10), Peer(theirs)


def frame(first: int, payload: bytes, masked: int = 0x80) -> bytes:
    """Of up to 125 bytes."""
    key = _MASK if masked else b""
    data = bytes(b ^ _MASK[i % 4] for i, b in enumerate(payload)) if masked else payload
    return bytes((first, masked | len(payload))) + key + data


def test_messages_of_any_size_come_whole_however_they_are_cut(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    chance = random.Random(5)
    sizes = [0, 1, 3, 125, 126, 127, 65_535, 65_536, *(chance.randrange(5_000) for _ in range(50))]
    messages: list[str | bytes] = []
    for size in sizes:
        data = chance.randbytes(size)
        if chance.random() < 0.3:
            messages.append(data.hex()[:size])
            peer.protocol.send_text(data.hex()[:size].encode())
        else:
            messages.append(data)
            peer.protocol.send_binary(data[: size // 2], fin=False)
            peer.protocol.send_ping(b"between")
            peer.protocol.send_continuation(data[size // 2 :], fin=True)
    stream = b"".join(peer.protocol.data_to_send())

    def cut() -> None:
        place = 0
        while place < len(stream):
            size = chance.choice((1, 2, 5, 100, 4_000, 200_000))
            peer.send(stream[place : place + size])
            place += size

    saying = threading.Thread(target=cut)
    saying.start()
    assert [ours.receive(10) for _ in messages] == messages
    saying.join()


def test_what_is_sent_is_read_by_others_as_it_was(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    messages = [b"", b"x", b"y" * 125, b"z" * 126, b"w" * 65_535, b"v" * 65_536]
    sending = threading.Thread(target=lambda: [ours.send(m) for m in [*messages, "grüße"]])
    sending.start()
    *binary, text = peer.receive(len(messages) + 1)
    sending.join()
    assert [bytes(f.data) for f in binary] == messages
    assert (text.opcode, bytes(text.data).decode()) == (Opcode.TEXT, "grüße")


def test_pings_are_answered_and_goodbyes_returned(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    peer.protocol.send_ping(b"are you there")
    peer.protocol.send_close(CloseCode.NORMAL_CLOSURE)
    peer.send()
    with pytest.raises(ConnectionClosed):
        ours.receive(10)
    pong, goodbye = peer.receive(2)
    assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, b"are you there")
    assert goodbye.opcode is Opcode.CLOSE
    assert not ours.is_open


def test_a_goodbye_is_heard_by_a_peer_that_is_in_the_middle_of_a_flood(
    ends: tuple[WebSocket, Peer],
) -> None:
    ours, peer = ends
    reading = threading.Thread(target=_read_on, args=(ours,))
    reading.start()
    closing = threading.Thread(target=ours.close, args=(4410, "the task has ended"))
    for number in range(100):
        peer.protocol.send_binary(b"x" * 10_000)
        peer.send()
        if number == 10:
            closing.start()
    (goodbye,) = peer.receive(1)
    peer.send()  # its answer
    for thread in (reading, closing):
        thread.join(10)
    assert goodbye.opcode is Opcode.CLOSE
    assert bytes(goodbye.data) == (4410).to_bytes(2, "big") + b"the task has ended"


def _read_on(ours: WebSocket) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            ours.receive()


def test_nobody_waits_for_long_for_a_peer_that_answers_no_goodbye(
    ends: tuple[WebSocket, Peer],
) -> None:
    ours, _ = ends
    reading = threading.Thread(target=_read_on, args=(ours,))
    reading.start()
    ours.close(1001)
    reading.join(5)
    assert not reading.is_alive()


def test_waiting_has_an_end(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    peer.send(frame(0x82, b"whole")[:4])
    assert ours.receive(0.05) is None
    peer.send(frame(0x82, b"whole")[4:])
    assert ours.receive(10) == b"whole"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(frame(0x82, b"x", masked=0), 1002, id="not masked"),
        pytest.param(frame(0xC2, b"x"), 1002, id="compressed"),
        pytest.param(frame(0x83, b"x"), 1002, id="a kind that is none"),
        pytest.param(frame(0x8B, b"x"), 1002, id="a control kind that is none"),
        pytest.param(frame(0x80, b"x"), 1002, id="continues nothing"),
        pytest.param(frame(0x02, b"x") + frame(0x82, b"y"), 1002, id="begins in the middle"),
        pytest.param(frame(0x09, b"x"), 1002, id="half a ping"),
        pytest.param(bytes((0x89, 0xFE, 0, 200)), 1002, id="a large ping"),
        pytest.param(frame(0x88, b"\x03"), 1002, id="half a code"),
        pytest.param(frame(0x88, (1005).to_bytes(2, "big")), 1002, id="a code nobody may send"),
        pytest.param(frame(0x88, (99).to_bytes(2, "big")), 1002, id="a code that is none"),
        pytest.param(frame(0x88, b"\x03\xe8\xff"), 1002, id="a reason that is no UTF-8"),
        pytest.param(frame(0x81, b"\xff"), 1007, id="no UTF-8"),
    ],
)
def test_what_is_no_frame_is_refused(ends: tuple[WebSocket, Peer], data: bytes, code: int) -> None:
    ours, peer = ends
    peer.send(data)
    with pytest.raises(ProtocolViolation) as refused:
        ours.receive(10)
    assert refused.value.code == code


def test_what_is_too_large_is_refused_before_it_has_come(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    peer.send(bytes((0x82, 0xFF)) + (LARGEST + 1).to_bytes(8, "big"))
    with pytest.raises(MessageTooBig):
        ours.receive(10)


def test_many_parts_are_too_large_together(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    peer.protocol.send_binary(b"x" * 40_000, fin=False)
    peer.protocol.send_continuation(b"x" * 40_000, fin=False)
    peer.send()
    with pytest.raises(MessageTooBig):
        ours.receive(10)


def test_parts_without_end_cost_neither_memory_nor_time(ends: tuple[WebSocket, Peer]) -> None:
    ours, peer = ends
    parts = 30_000
    peer_talks = threading.Thread(
        target=peer.send, args=(frame(0x02, b"") + frame(0x00, b"") * parts + frame(0x80, b"x"),)
    )
    tracemalloc.start()
    try:
        peer_talks.start()
        assert ours.receive(30) == b"x"
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        peer_talks.join()
    assert most < 1 << 20


class Chatterbox:
    """A connection on which there is always another frame."""

    def __init__(self, data: bytes) -> None:
        self._said, self._until = data, time.monotonic() + 10

    def recv(self, _: int) -> bytes:
        return self._said if time.monotonic() < self._until else b""

    def send(self, data: bytes) -> int:
        return len(data)

    def settimeout(self, _: float) -> None:
        """It never has to be waited for."""

    setsockopt = shutdown = lambda *_: None


@pytest.mark.parametrize(
    "data", [frame(0x89, b""), frame(0x8A, b"x"), frame(0x00, b"")], ids=["ping", "pong", "part"]
)
def test_waiting_has_an_end_also_with_a_peer_that_never_stops_talking(data: bytes) -> None:
    sock = Chatterbox(data)
    ours = WebSocket(SimpleNamespace(sock=sock, connected=True), LARGEST, silence=10)
    ours._message_opcode = 2  # a message has begun
    assert ours.receive(0.05) is None
    began = time.monotonic()
    ours.close(4403)
    assert time.monotonic() - began < 5


def test_a_peer_in_the_middle_of_what_is_too_large_hears_why_it_is_cut_off() -> None:
    # TCP: a socket pair does not reset what has not been read.
    with socket.create_server(("127.0.0.1", 0)) as door:
        theirs = socket.create_connection(door.getsockname())
        ours, _ = door.accept()
    with ours, theirs:
        ws = WebSocket(
            SimpleNamespace(sock=SendAllSocket(ours), connected=True), LARGEST, silence=10
        )
        peer = Peer(theirs)
        peer.send(bytes((0x82, 0xFF)) + (1 << 20).to_bytes(8, "big"))
        with pytest.raises(MessageTooBig):
            ws.receive(10)
        closing = threading.Thread(target=ws.close, args=(1009, "too large"))
        closing.start()
        peer.send(_MASK + b"x" * (1 << 20))
        closing.join(10)
        ours.close()
        (goodbye,) = peer.receive(1)
        assert bytes(goodbye.data)[:2] == (1009).to_bytes(2, "big")
