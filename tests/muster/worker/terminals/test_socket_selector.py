"""One thread waits for several sockets, each for what is wanted of it now."""

import socket
from collections.abc import Iterator

import pytest

from muster.worker.terminals.socket_selector import READ, WRITE, SocketWatch


@pytest.fixture
def watch() -> Iterator[SocketWatch]:
    made = SocketWatch()
    yield made
    made.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, peer = socket.socketpair()
    with ours, peer:
        yield ours, peer


def test_only_what_is_wanted_is_told(
    watch: SocketWatch, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, peer = ends
    told: list[int] = []
    watch.want(ours, READ, told.append)
    watch.wait(0)
    assert told == [], "it could be written to, but nobody wants that"
    watch.want(ours, READ | WRITE, told.append)
    watch.wait(0)
    assert told == [WRITE]
    peer.send(b"x")
    watch.wait(0)
    assert told == [WRITE, READ | WRITE]


def test_an_unwanted_socket_may_be_closed_and_wanted_anew(
    watch: SocketWatch, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, peer = ends
    told: list[int] = []
    peer.send(b"x")
    watch.want(ours, READ, told.append)
    watch.want(ours, 0, told.append)
    watch.wait(0)
    assert told == []
    watch.want(ours, READ, told.append)
    watch.wait(0)
    assert told == [READ]
