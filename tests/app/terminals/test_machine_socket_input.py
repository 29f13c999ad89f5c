"""What is typed, where the machine's line breaks in the middle of it."""

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from simple_websocket import ConnectionClosed

from app.terminal_keys import TerminalKey
from app.terminals.machine_socket import MachineSocket
from app.terminals.store import Store
from app.terminals.stream import parse_id
from muster.protocol.terminal import MAX_FRAME_BYTES

KEY = TerminalKey(2_000_000_002, 1)


class Breaking:
    """Stands in for a machine's WebSocket that takes so many messages."""

    def __init__(self, takes: int) -> None:
        self.taken: list[bytes] = []
        self.is_open = True
        self._takes = takes

    def send(self, data: bytes) -> None:
        if len(self.taken) == self._takes:
            self.is_open = False
            raise ConnectionClosed
        self.taken.append(data)

    def close(self, *_: Any) -> None:
        self.is_open = False


@pytest.mark.parametrize("takes", [0, 2])
def test_no_key_is_handed_on_twice(environment: dict[str, str], takes: int) -> None:
    store = Store(environment["REDIS_URL"])
    paste = [bytes([letter]) * (MAX_FRAME_BYTES // 2) for letter in b"abcdefgh"]
    for piece in paste:
        store.add_input(KEY, k=piece)
    store.add_input(KEY, r="80 24")
    with redis.Redis.from_url(environment["REDIS_URL"]) as valkey:
        place = store.stream_key(KEY, "in")
        rows = [(parse_id(id_), fields) for id_, fields in valkey.xrange(place)]
        socket: Any = Breaking(takes)
        grant = SimpleNamespace(**KEY._asdict())
        machine = MachineSocket(socket, store, grant, *[lambda *_: None] * 3)
        machine.add_input(rows)
        machine._write()
        left = [fields[b"k"] for _, fields in valkey.xrange(place) if b"k" in fields]
        valkey.delete(place)
    assert len(socket.taken) == takes
    assert b"".join([*socket.taken, *left]) == b"".join(paste)
