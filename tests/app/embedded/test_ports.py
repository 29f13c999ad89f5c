"""Ports that servers are given."""

import socket
from pathlib import Path

import pytest

from app.embedded import ports

GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not GIVEN_AWAY.exists(), reason="Linux says which ports these are")
def test_no_server_has_one_that_outgoing_connections_are_given() -> None:
    first, last = map(int, GIVEN_AWAY.read_text().split())
    assert all(not first <= ports.find_free_port() <= last for _ in range(50))


def test_a_port_with_a_listener_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        monkeypatch.setattr(ports, "_CANDIDATE_PORTS", range(port, port + 1))
        monkeypatch.setattr(ports, "_MAX_TRIES", 1)
        assert ports.find_free_port() != port
