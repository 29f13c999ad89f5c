"""The heartbeats of one connection, on a separate thread."""

import threading
from collections.abc import Iterator

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from muster.protocol.bounds import fit_to_bounds
from muster.protocol.codec import encode
from muster.protocol.frames import Heartbeat
from muster.worker.clock import boot_seconds
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import FactCollector, MachineFacts


class Heartbeats:
    """Sends a heartbeat at once and then every `seconds`.

    It includes capabilities, repositories, sandbox and upgrade only if they have changed since the
    last one; `facts` are those of the hello.
    """

    def __init__(
        self,
        socket: Connection,
        lease: Lease,
        vitals: FactCollector,
        facts: MachineFacts,
        numbers: Iterator[int],
        seconds: float,
    ) -> None:
        self._socket = socket
        self._lease = lease
        self._fact_collector = vitals
        self._last_sent = facts
        self._numbers = numbers
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server-heartbeats", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                began = boot_seconds()
                self._send_heartbeat(began)
                self._stopped.wait(max(0.0, began + self._seconds - boot_seconds()))
        except ConnectionClosed:
            pass

    def _send_heartbeat(self, now: float) -> None:
        number, facts, last_sent = next(self._numbers), self._fact_collector.latest, self._last_sent
        # Recorded first: the lease must not start later than the heartbeat was sent.
        self._lease.record_sent(number, now)
        beat = Heartbeat(
            number,
            facts.metrics,
            facts.capabilities if facts.capabilities != last_sent.capabilities else None,
            facts.repositories if facts.repositories != last_sent.repositories else None,
            facts.sandbox if facts.sandbox != last_sent.sandbox else None,
            facts.upgrade if facts.upgrade != last_sent.upgrade else None,
        )
        self._socket.send(encode(fit_to_bounds(beat)))
        self._last_sent = facts
