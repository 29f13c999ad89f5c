"""The proxy as it serves many at a time."""

import socket
import threading

import pytest

from muster.worker.egress import proxy
from muster.worker.egress.dialer import Dialer
from muster.worker.egress.rules import Rules

REFUSED = b"HTTP/1.1 403"


def test_more_than_it_serves_at_a_time_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "MAX_CONNECTIONS", 2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(
            target=proxy.serve, args=(listener, Dialer(Rules([]), lambda _: None)), daemon=True
        )
        serving.start()
        held = [socket.create_connection(listener.getsockname(), 10) for _ in range(2)]
        with socket.create_connection(listener.getsockname(), 0.1) as third:
            third.sendall(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
            with pytest.raises(TimeoutError):
                third.recv(12)
            held.pop().close()
            third.settimeout(10)
            assert third.recv(12) == REFUSED
        held.pop().close()
        # A closed connection is served no more, and closing the listener ends everything.
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(10)
        assert not serving.is_alive()
