"""The machine's lease: how long it can continue without the server's answer.

The lease runs from the time a heartbeat was *sent*, once it is answered. The server's runs from the
time it *received* it: so the machine always stops first.
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
        self._sent_at: dict[int, float] = {}
        self._deadline: float | None = None
        self._is_closed = False

    @property
    def deadline(self) -> float | None:
        """None until the server's first answer."""
        return self._deadline

    @property
    def is_expired(self) -> bool:
        return self._deadline is not None and boot_seconds() >= self._deadline

    def record_sent(self, number: int, at: float) -> None:
        """Record that a heartbeat (0: the hello) is about to be sent."""
        with self._changed:
            self._sent_at[number] = at

    def record_answered(self, number: int, seconds: float) -> None:
        """Record that heartbeat `number` was answered: the lease lasts `seconds` from its
        sending."""
        with self._changed:
            at = self._sent_at.get(number)
            if at is None:
                return
            # Answers come in order, so earlier heartbeats won't be answered any more.
            self._sent_at = {n: sent for n, sent in self._sent_at.items() if n > number}
            self._extend(at + seconds)

    def extend_to(self, deadline: float) -> None:
        """Extend the lease to a deadline that a shim has from the previous daemon.

        The server's rows have it too.
        """
        self._extend(deadline)

    def _extend(self, deadline: float) -> None:
        """Never shorten the lease: shims rely on their deadline."""
        with self._changed:
            self._deadline = max(deadline, self._deadline or 0.0)
            self._changed.notify_all()

    def discard_unanswered(self) -> None:
        """The connection is closed: pending heartbeats won't be answered."""
        with self._changed:
            self._sent_at.clear()

    def wait_for_extension(
        self, deadline: float | None, timeout: float | None = None
    ) -> float | None:
        """Wait until the deadline differs from `deadline`, or until `close` or `timeout`.

        Returns the current deadline.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._deadline != deadline, timeout)
            return self._deadline

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """End all waiting in `wait_for_extension`."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class LeaseNotifier:
    """Sends each extended lease to every living shim, on its own thread.

    It waits for none of them, so that a hanging one doesn't cost the others their lease.
    """

    def __init__(self, lease: Lease, shims: Callable[[], Iterable[ShimLink]]) -> None:
        self._lease = lease
        self._shims = shims
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._lease.close()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        notified_deadline: float | None = None
        while not self._lease.is_closed:
            deadline = self._lease.wait_for_extension(notified_deadline)
            if deadline is not None and deadline != notified_deadline:
                for shim in self._shims():
                    _notify_shim(shim, deadline)
            notified_deadline = deadline


def _notify_shim(shim: ShimLink, deadline: float) -> None:
    try:
        shim.send_lease(deadline)
    except ShimGone:
        pass
    except BlockingIOError as error:
        log.warning("can't extend a shim's lease, retrying after the next answer: %s", error)


def extend_shim_lease(shim: ShimLink, deadline: float) -> None:
    """Send the shim the end of its lease. If that fails, it ends its stage by itself."""
    try:
        shim.extend_lease(deadline)
    except ShimGone:
        pass
    except (ShimRefused, OSError) as error:
        log.warning("can't extend a shim's lease: %s", error)
