"""One blocking read for all streams of a process."""

import time
import uuid
from typing import Any

import structlog
from redis.exceptions import RedisError

from app import bus
from app.pty.commands import client
from app.pty.machine import MachineSocket
from app.pty.store import Key, Store
from app.pty.stream import Stream, parse, parse_id, spell

COUNT = 16  # entries of a stream in one read
BLOCK_SECONDS = 5

log = structlog.get_logger(__name__)


class Reader:
    """`streams` feed viewers, `machines` are fed with what is typed."""

    def __init__(self, url: str, store: Store) -> None:
        self.streams: dict[Key, Stream] = {}
        self.machines: dict[Key, MachineSocket] = {}
        self._client = client(url, timeout=BLOCK_SECONDS + 5)
        self._store = store
        self._bell = f"muster:pty:process:{uuid.uuid4().hex}"
        self._rung = "0-0"

    def ring(self) -> None:
        """Have it look again at what is to be read."""
        self._store.ring(self._bell)

    def run(self) -> None:
        """Its thread."""
        while True:
            try:
                self._read()
            except RedisError as error:
                log.warning("terminals_not_read", error=type(error).__name__)
                time.sleep(1)
            except Exception:
                # All terminals of the process hang on this thread.
                log.exception("terminals_not_read")
                time.sleep(1)

    def _read(self) -> None:
        outputs = {bus.terminal_key(*key, "out"): s for key, s in self.streams.items()}
        inputs = {
            bus.terminal_key(*key, "in"): machine
            for key, machine in self.machines.items()
            if not machine.is_full
        }
        places: dict[Any, Any] = {
            self._bell: self._rung,
            **{place: spell(stream.top) for place, stream in outputs.items()},
            **{place: spell(machine.taken) for place, machine in inputs.items()},
        }
        found: Any = self._client.xread(places, count=COUNT, block=BLOCK_SECONDS * 1000)
        for name, rows in found or []:
            place = name.decode()
            if place in outputs:
                outputs[place].add(parse(rows))
            elif place in inputs:
                inputs[place].put([(parse_id(id_), fields) for id_, fields in rows])
            else:
                self._rung = rows[-1][0].decode()
