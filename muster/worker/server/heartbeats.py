"""The heartbeats of one connection, on a thread that does nothing else."""

import threading
from collections.abc import Iterator

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from muster.protocol.bounds import fitting
from muster.protocol.codec import encode
from muster.protocol.frames import Heartbeat
from muster.worker.clock import boot_seconds
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import MachineFacts, Vitals


class Pulse:
    """Sends a heartbeat at once and then every `seconds`.

    Capabilities, repositories, room and upgrade are in it only when they have changed since the
    last one; `told` is what the hello said.
    """

    def __init__(
        self,
        socket: Connection,
        lease: Lease,
        vitals: Vitals,
        told: MachineFacts,
        numbers: Iterator[int],
        seconds: float,
    ) -> None:
        self._socket = socket
        self._lease = lease
        self._vitals = vitals
        self._told = told
        self._numbers = numbers
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="server-pulse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _beat_on(self) -> None:
        try:
            while not self._over.is_set():
                began = boot_seconds()
                self._beat(began)
                self._over.wait(max(0.0, began + self._seconds - boot_seconds()))
        except ConnectionClosed:
            pass

    def _beat(self, now: float) -> None:
        number, facts, told = next(self._numbers), self._vitals.latest, self._told
        # Noted before it leaves: the lease must not begin later than it was sent.
        self._lease.sent(number, now)
        beat = Heartbeat(
            number,
            facts.metrics,
            facts.capabilities if facts.capabilities != told.capabilities else None,
            facts.repositories if facts.repositories != told.repositories else None,
            facts.room if facts.room != told.room else None,
            facts.upgrade if facts.upgrade != told.upgrade else None,
        )
        self._socket.send(encode(fitting(beat)))
        self._told = facts
