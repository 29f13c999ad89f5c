"""A body has to come in time; the more has come, the more time it has."""

import socket
import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest
from werkzeug.exceptions import RequestTimeout

from app.http_server import body_timeout
from app.http_server.anonymous_connections import AnonymousConnection, AnonymousConnections
from app.http_server.body_timeout import BodyTimeoutSocket


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    monkeypatch.setattr(body_timeout, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(body_timeout, "MIN_BYTES_PER_SECOND", 1000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def paced(ours: socket.socket) -> tuple[BodyTimeoutSocket, AnonymousConnection]:
    visit = AnonymousConnection(AnonymousConnections(), "192.0.2.1", ours)
    return BodyTimeoutSocket(ours, visit), visit


def test_a_body_that_does_not_come_is_not_waited_for(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    sock, visit = paced(ends[0])
    with pytest.raises(RequestTimeout):
        sock.recv(10)
    assert not visit.is_waiting
    assert ends[0].gettimeout() is None


def test_a_body_that_drips_is_not_waited_for_longer(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    sock, _ = paced(ends[0])
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(0.02):
            ends[1].send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    try:
        with pytest.raises(RequestTimeout):
            any(not sock.recv(10) for _ in count())
    finally:
        is_over.set()
        dripping.join()
    assert time.monotonic() - began < 5  # forever, else


def test_a_long_body_has_more_time(ends: tuple[socket.socket, socket.socket]) -> None:
    sock, _ = paced(ends[0])
    ends[1].send(b"x" * 5000)
    assert len(sock.recv(5000)) == 5000
    time.sleep(0.3)  # past the grace, within what five thousand bytes are worth
    ends[1].send(b"y")
    assert sock.recv(10) == b"y"
