"""Two connections joined."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from muster.worker.egress.body import SizedBody, UnboundedBody
from muster.worker.egress.relay import relay

LONG = bytes(range(256)) * (16 << 10)


class Ends(NamedTuple):
    client: socket.socket
    server: socket.socket
    relay: threading.Thread


@pytest.fixture
def ends() -> Iterator[Ends]:
    client, inner_client = socket.socketpair()
    server, inner_server = socket.socketpair()

    def join() -> None:
        with contextlib.suppress(OSError):  # a side that broke
            relay(inner_client, inner_server, UnboundedBody(), b"first ", 30.0)

    joined = threading.Thread(target=join)
    for each in (client, server):
        each.settimeout(10)
    joined.start()
    with client, server, inner_client, inner_server:
        yield Ends(client, server, joined)
        client.close()
        server.close()
        joined.join(10)
        assert not joined.is_alive()


def all_of(connection: socket.socket) -> bytes:
    answer = b""
    while received := connection.recv(65536):
        answer += received
    return answer


def test_each_side_hears_the_other(ends: Ends) -> None:
    ends.client.sendall(b"ping")
    assert ends.server.recv(6, socket.MSG_WAITALL) + ends.server.recv(4) == b"first ping"
    ends.server.sendall(b"pong")
    assert ends.client.recv(10) == b"pong"


def test_one_side_may_end_before_the_other_has_said_all(ends: Ends) -> None:
    ends.client.shutdown(socket.SHUT_WR)
    assert all_of(ends.server) == b"first "
    ends.server.sendall(b"late")
    ends.server.shutdown(socket.SHUT_WR)
    assert all_of(ends.client) == b"late"
    ends.relay.join(10)
    assert not ends.relay.is_alive()


def test_a_sink_that_does_not_read_stops_its_source(ends: Ends) -> None:
    ends.client.settimeout(0.2)
    with pytest.raises(TimeoutError):  # long before that much is buffered anywhere
        ends.client.sendall(LONG)


def test_all_arrives_where_both_sides_write_before_they_read(ends: Ends) -> None:
    got: dict[str, bytes] = {}

    def write(connection: socket.socket) -> None:
        connection.sendall(LONG)
        connection.shutdown(socket.SHUT_WR)

    def exchange(name: str, connection: socket.socket) -> None:
        writer = threading.Thread(target=write, args=(connection,))
        writer.start()
        got[name] = all_of(connection)
        writer.join()

    sides = [
        threading.Thread(target=exchange, args=("client", ends.client)),
        threading.Thread(target=exchange, args=("server", ends.server)),
    ]
    for side in sides:
        side.start()
    for side in sides:
        side.join(30)
    assert got == {"client": LONG, "server": b"first " + LONG}


def test_a_request_is_over_with_its_answer() -> None:
    client, inner_client = socket.socketpair()
    server, inner_server = socket.socketpair()
    with client, server, inner_client, inner_server:
        joined = threading.Thread(
            target=relay, args=(inner_client, inner_server, SizedBody(4), b"body and more", 30.0)
        )
        joined.start()
        client.sendall(b"and more")
        assert server.recv(100) == b"body"
        server.sendall(b"answer")
        server.close()
        assert all_of(client) == b"answer"
        joined.join(10)
        assert not joined.is_alive()
