"""The heartbeats of one connection, on a separate thread."""

import threading
from collections.abc import Callable, Iterator

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from muster.protocol.bounds import fit_to_bounds
from muster.protocol.codec import encode
from muster.protocol.frames import Heartbeat, WaitingTerminal
from muster.worker.clock import boot_seconds
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import FactCollector, MachineFacts


class Heartbeats:
    """Sends a heartbeat at once and then every `seconds`.

    It includes capabilities, repositories, sandbox, upgrade and `waiting` terminals only if they
    have changed since the last one; `facts` are those of the hello.
    """

    def __init__(
        self,
        socket: Connection,
        lease: Lease,
        vitals: FactCollector,
        facts: MachineFacts,
        numbers: Iterator[int],
        seconds: float,
        waiting: Callable[[], list[WaitingTerminal]] = list,
    ) -> None:
        self._socket = socket
        self._lease = lease
        self._fact_collector = vitals
        self._last_sent = facts
        self._numbers = numbers
        self._seconds = seconds
        self._waiting = waiting
        self._last_waiting: list[WaitingTerminal] | None = None
        self._is_closed = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server-heartbeats", daemon=True)
        self._thread.start()

    def beat_now(self) -> None:
        """Send the next heartbeat early; doesn't block."""
        self._wake.set()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_closed:
                began = boot_seconds()
                self._send_heartbeat(began)
                self._wake.wait(max(0.0, began + self._seconds - boot_seconds()))
                self._wake.clear()
        except ConnectionClosed:
            pass

    def _send_heartbeat(self, now: float) -> None:
        number, facts, last_sent = next(self._numbers), self._fact_collector.latest, self._last_sent
        waiting = self._waiting()
        # Recorded first: the lease must not start later than the heartbeat was sent.
        self._lease.record_sent(number, now)
        beat = Heartbeat(
            number,
            facts.metrics,
            facts.capabilities if facts.capabilities != last_sent.capabilities else None,
            facts.repositories if facts.repositories != last_sent.repositories else None,
            facts.sandbox if facts.sandbox != last_sent.sandbox else None,
            facts.upgrade if facts.upgrade != last_sent.upgrade else None,
            waiting if waiting != self._last_waiting else None,
        )
        self._socket.send(encode(fit_to_bounds(beat)))
        self._last_sent, self._last_waiting = facts, waiting
