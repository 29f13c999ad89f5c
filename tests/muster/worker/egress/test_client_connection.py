"""One client's connection: whatever it sends, nothing breaks and nothing else is reached."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.worker.egress.client_connection import ClientConnection
from muster.worker.egress.dialer import Dialer
from muster.worker.egress.rules import Rules
from tests.muster.worker.egress.outside import Caller

_WORDS = [
    *(
        b"GET ",
        b"CONNECT ",
        b"POST ",
        b"http://",
        b"https://",
        b" HTTP/1.1\r\n",
        b"\r\n",
        b"\r\n\r\n",
    ),
    *(
        b"Host: ",
        b"Content-Length: 5",
        b"Transfer-Encoding: chunked",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
    ),
    *(
        b"\x05\x01\0",
        b"\x05\x01\0\x03",
        b"\x05\x01\0\x01\x7f\0\0\x01",
        b"\x05\x02\0\x01",
        b"@",
        b":",
    ),
    *(b"a.example", b"127.0.0.1", b"[::1]", b"\x16\x03\x01", b"\x04\x01"),
]


class Outside:
    """The allowed servers, and the others; both record their callers."""

    def __init__(self) -> None:
        self.allowed, self.other = Caller("127.83.0.1"), Caller("127.0.0.1")
        rules = Rules([f"a.example:{self.allowed.port}", f"127.83.0.1:{self.allowed.port}"])
        self.told: list[str] = []
        self.way_out = Dialer(rules, self.told.append, {"a.example": ["127.83.0.1"]})

    def close(self) -> None:
        self.allowed.close()
        self.other.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    there = Outside()
    yield there
    assert not there.other.was_called(0.05)
    there.close()


@contextmanager
def connected_client(
    way_out: Dialer, patience: float = 5.0, idle: float = 5.0
) -> Iterator[socket.socket]:
    """Yield a client's end of a served connection; it is closed at the end."""
    ours, theirs = socket.socketpair()
    visit = threading.Thread(target=ClientConnection(theirs, way_out, patience, idle).serve)
    visit.start()
    ours.settimeout(10)
    try:
        with ours:
            yield ours
    finally:
        visit.join(20)
        assert not visit.is_alive()


def all_of(connection: socket.socket) -> bytes:
    answer = b""
    while received := connection.recv(65536):
        answer += received
    return answer


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_bytes_break_nothing_and_reach_nothing_else(
    outside: Outside, data: st.DataObject
) -> None:
    ports = [outside.allowed.port, outside.other.port]
    texts = [b":%d" % port for port in ports] + [port.to_bytes(2, "big") for port in ports]
    words = st.sampled_from(_WORDS + texts) | st.binary(max_size=8)
    sent = b"".join(data.draw(st.lists(words, max_size=16)))
    before = handles()
    with connected_client(outside.way_out) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        all_of(client)
    assert outside.other.calls == 0
    # The callers' own descriptors also come and go.
    assert handles() <= before + 2


def test_bytes_that_are_right_do_reach_what_is_allowed() -> None:
    outside = Outside()
    with connected_client(outside.way_out) as client:
        client.sendall(b"CONNECT a.example:%d HTTP/1.1\r\n\r\n" % outside.allowed.port)
        assert client.recv(12) == b"HTTP/1.1 200"
        assert outside.allowed.was_called(5)
    outside.close()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"\x16\x03\x01\x02\0", b"HTTP/1.1 400"),  # TLS to the proxy itself
        (b"\x04\x01\0\x50\x7f\0\0\x01\0", b"HTTP/1.1 400"),  # SOCKS4
        (b"\0", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET " + b"a" * 70_000, b"HTTP/1.1 400"),
        (b"\x05\x01\x02", b"\x05\xff"),  # SOCKS5 with a password
        (b"\x05\x01\0\x05\x01\0\x09", b"\x05\0\x05\x08\0\x01"),
    ],
)
def test_unsupported_requests_get_an_error(outside: Outside, sent: bytes, answer: bytes) -> None:
    with connected_client(outside.way_out) as client:
        client.sendall(sent)
        assert all_of(client).startswith(answer)


@pytest.mark.parametrize("sent", [b"", b"GET http://a.example/", b"\x05", b"\x05\x01\0\x05\x01"])
def test_who_does_not_say_what_is_wanted_is_let_go(outside: Outside, sent: bytes) -> None:
    with connected_client(outside.way_out, patience=0.05) as client:
        client.sendall(sent)
        all_of(client)


def test_who_sends_a_long_body_for_nothing_still_hears_why(outside: Outside) -> None:
    with connected_client(outside.way_out) as client:
        client.sendall(b"POST http://b.example/ HTTP/1.1\r\nContent-Length: 200000\r\n\r\n")
        client.sendall(b"x" * 200_000)
        client.shutdown(socket.SHUT_WR)
        assert b"does not allow b.example" in all_of(client)


def test_a_tunnel_that_is_idle_for_long_is_closed() -> None:
    with socket.create_server(("127.83.0.1", 0)) as server:
        port = server.getsockname()[1]
        way_out = Dialer(Rules([f"127.83.0.1:{port}"]), print)
        with connected_client(way_out, idle=0.05) as client:
            client.sendall(b"CONNECT 127.83.0.1:%d HTTP/1.1\r\n\r\n" % port)
            with server.accept()[0]:
                assert all_of(client).endswith(b"\r\n\r\n")
