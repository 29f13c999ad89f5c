"""Heartbeats carry the waiting terminals when they change, and first on each connection."""

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

from muster.protocol.bounds import Big
from muster.protocol.codec import decode_from_machine, encode
from muster.protocol.frames import Heartbeat, Metrics, SandboxFacts, WaitingTerminal
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import MachineFacts
from muster.worker.server.heartbeats import Heartbeats
from tests.wait import wait_until

STAGE = WaitingTerminal(7, 1, 0)
FACTS = MachineFacts(Metrics(), [], [], SandboxFacts("full"), {}, None)


class Connection:
    """Keeps the sent heartbeats."""

    def __init__(self, waiting: Callable[[], list[WaitingTerminal]], seconds: float = 60.0) -> None:
        self.sent: list[Heartbeat] = []
        collector: Any = SimpleNamespace(latest=FACTS)
        socket: Any = SimpleNamespace(send=self._send)
        parts = (socket, Lease(), collector, FACTS, itertools.count(1), seconds)
        self.heartbeats = Heartbeats(*parts, waiting)

    def _send(self, text: str) -> None:
        frame = decode_from_machine(text)
        assert isinstance(frame, Heartbeat)
        self.sent.append(frame)

    def lists(self) -> list[list[WaitingTerminal] | None]:
        return [each.waiting_terminals for each in self.sent]


def test_the_list_is_sent_first_and_when_it_changes() -> None:
    waiting: list[WaitingTerminal] = []
    connection = Connection(lambda: list(waiting))
    wait_until(lambda: connection.lists() == [[]])  # clears what an earlier daemon reported
    connection.heartbeats.beat_now()
    wait_until(lambda: connection.lists() == [[], None])
    waiting.append(STAGE)
    connection.heartbeats.beat_now()
    wait_until(lambda: connection.lists() == [[], None, [STAGE]])
    connection.heartbeats.close()


def first_list() -> list[WaitingTerminal] | None:
    connection = Connection(lambda: [STAGE])
    wait_until(lambda: bool(connection.sent))
    connection.heartbeats.close()
    return connection.lists()[0]


def test_the_next_connection_has_it_again() -> None:
    assert first_list() == first_list() == [STAGE]


class _OldHeartbeat(msgspec.Struct, rename="camel", tag_field="type", tag="heartbeat"):
    """The frame as the server before this release reads it."""

    number: Big


def test_an_older_server_and_an_older_worker_understand_each_other() -> None:
    text = encode(Heartbeat(7, waiting_terminals=[STAGE]))
    assert msgspec.json.decode(text, type=_OldHeartbeat) == _OldHeartbeat(7)
    newer = decode_from_machine(encode(_OldHeartbeat(7)))
    assert isinstance(newer, Heartbeat)
    assert newer.waiting_terminals is None  # changes nothing
