"""Strangers' connections: how many there may be, and which goes for another."""

import socket
from collections.abc import Iterator

import pytest

from app.http_server import anonymous_connections
from app.http_server.anonymous_connections import AnonymousConnection, AnonymousConnections

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Callers:
    """Connections that strangers have opened, with their ends of them."""

    def __init__(self) -> None:
        self.visits = AnonymousConnections()
        self.told: list[str] = []
        self.visits.on_rejected = self.told.append
        self._sockets: list[socket.socket] = []

    def call(self, network: str = HERE) -> tuple[AnonymousConnection | None, socket.socket]:
        ours, theirs = socket.socketpair()
        self._sockets += [ours, theirs]
        return self.visits.admit(network, ours), theirs

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callers]:
    monkeypatch.setattr(anonymous_connections, "MAX_PER_NETWORK", 3)
    monkeypatch.setattr(anonymous_connections, "MAX_TOTAL", 5)
    made = Callers()
    yield made
    made.close()


def is_cut(theirs: socket.socket) -> bool:
    theirs.setblocking(False)
    try:
        return theirs.recv(1) == b""
    except BlockingIOError:
        return False


def test_over_the_limit_of_an_address_its_oldest_waiting_connection_is_closed(
    callers: Callers,
) -> None:
    ends = [callers.call()[1] for _ in range(5)]
    assert [is_cut(end) for end in ends] == [True, True, False, False, False]
    assert len(callers.visits) == 3
    assert callers.told == ["evicted", "evicted"]


def test_nobody_goes_for_whom_something_is_done_or_who_has_said_something(
    callers: Callers,
) -> None:
    (busy, _), (_, speaking), (_, silent) = callers.call(), callers.call(), callers.call()
    assert busy is not None
    busy.is_waiting = False
    speaking.send(b"GET")
    assert callers.call()[0] is not None
    assert is_cut(silent)
    assert not is_cut(speaking)


def test_where_nobody_is_waited_for_the_next_is_refused(callers: Callers) -> None:
    for _ in range(3):
        visit, _ = callers.call()
        assert visit is not None
        visit.is_waiting = False
    assert callers.call()[0] is None
    assert callers.call(THERE)[0] is not None
    assert callers.told == ["limit"]


def test_known_and_closed_connections_do_not_count(callers: Callers) -> None:
    ends = []
    for _ in range(10):
        visit, end = callers.call()
        assert visit is not None
        visit.mark_authenticated()
        visit.finish()
        ends.append(end)
    assert not any(map(is_cut, ends))
    assert len(callers.visits) == 0


def test_there_is_a_bound_for_all_addresses_together(callers: Callers) -> None:
    ends = [callers.call(f"192.0.2.{number}")[1] for number in range(8)]
    assert [is_cut(end) for end in ends] == [True] * 3 + [False] * 5
