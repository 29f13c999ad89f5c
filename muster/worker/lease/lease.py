"""How long the machine may go on without hearing from the server.

The lease runs from the moment a heartbeat was *sent*, once it has been answered. The server's
runs from the moment it *received* it: so the machine always stops first.
"""

import logging
import threading
from collections.abc import Callable, Iterable

from muster.worker.clock import boot_seconds
from muster.worker.shim.client import ShimGone, ShimLink, ShimRefused

log = logging.getLogger(__name__)


class Lease:
    """This machine's lease; deadlines are in boot-time seconds. Safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sent: dict[int, float] = {}
        self._deadline: float | None = None
        self._closed = False

    @property
    def deadline(self) -> float | None:
        """None until the server has answered for the first time."""
        return self._deadline

    @property
    def is_over(self) -> bool:
        return self._deadline is not None and boot_seconds() >= self._deadline

    def sent(self, number: int, at: float) -> None:
        """A heartbeat (0: the hello) is about to be sent."""
        with self._changed:
            self._sent[number] = at

    def answered(self, number: int, seconds: float) -> None:
        """Heartbeat `number` was answered: the lease lasts `seconds` from when it was sent."""
        with self._changed:
            at = self._sent.get(number)
            if at is None:
                return
            # Answers come in order, so what was sent before will not be answered any more.
            self._sent = {n: sent for n, sent in self._sent.items() if n > number}
            self._prolong(at + seconds)

    def promised(self, deadline: float) -> None:
        """Prolongs the lease to a deadline that a shim still has from the daemon before this one.

        The server's rows have it, too.
        """
        self._prolong(deadline)

    def _prolong(self, deadline: float) -> None:
        """Never to an earlier moment: what has been promised to a shim stays."""
        with self._changed:
            self._deadline = max(deadline, self._deadline or 0.0)
            self._changed.notify_all()

    def disconnected(self) -> None:
        """The connection is over: heartbeats that have not been answered will not be."""
        with self._changed:
            self._sent.clear()

    def wait_beyond(self, deadline: float | None, timeout: float | None = None) -> float | None:
        """Waits until the deadline is another than `deadline`, or until `close` or `timeout`.

        Returns the deadline as it is then.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._deadline != deadline, timeout)
            return self._deadline

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Ends all waiting in `wait_beyond`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class LeaseKeeper:
    """Tells every living shim of each prolonged lease, on a thread of its own.

    It waits for none of them: one that hangs must not cost the others their lease.
    """

    def __init__(self, lease: Lease, shims: Callable[[], Iterable[ShimLink]]) -> None:
        self._lease = lease
        self._shims = shims
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._lease.close()
        self._thread.join(timeout=2.0)

    def _keep(self) -> None:
        told: float | None = None
        while not self._lease.closed:
            deadline = self._lease.wait_beyond(told)
            if deadline is not None and deadline != told:
                for shim in self._shims():
                    _tell(shim, deadline)
            told = deadline


def _tell(shim: ShimLink, deadline: float) -> None:
    try:
        shim.tell_lease(deadline)
    except ShimGone:
        pass
    except BlockingIOError as error:
        log.warning("a shim's lease could not be prolonged, the next answer tries again: %s", error)


def extend(shim: ShimLink, deadline: float) -> None:
    """Tells the shim its lease's end. One that cannot be told will end its stage by itself."""
    try:
        shim.extend_lease(deadline)
    except ShimGone:
        pass
    except (ShimRefused, OSError) as error:
        log.warning("a shim's lease could not be prolonged: %s", error)
