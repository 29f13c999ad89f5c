"""One thread waits for several sockets, each for its current events."""

import socket
from collections.abc import Iterator

import pytest

from muster.worker.terminals.socket_selector import READ, WRITE, SocketSelector


@pytest.fixture
def watch() -> Iterator[SocketSelector]:
    made = SocketSelector()
    yield made
    made.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, peer = socket.socketpair()
    with ours, peer:
        yield ours, peer


def test_only_requested_events_are_reported(
    watch: SocketSelector, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, peer = ends
    events: list[int] = []
    watch.set_events(ours, READ, events.append)
    watch.wait(0)
    assert events == [], "it could be written to, but nobody wants that"
    watch.set_events(ours, READ | WRITE, events.append)
    watch.wait(0)
    assert events == [WRITE]
    peer.send(b"x")
    watch.wait(0)
    assert events == [WRITE, READ | WRITE]


def test_an_unset_socket_may_be_closed_and_set_again(
    watch: SocketSelector, ends: tuple[socket.socket, socket.socket]
) -> None:
    ours, peer = ends
    events: list[int] = []
    peer.send(b"x")
    watch.set_events(ours, READ, events.append)
    watch.set_events(ours, 0, events.append)
    watch.wait(0)
    assert events == []
    watch.set_events(ours, READ, events.append)
    watch.wait(0)
    assert events == [READ]
